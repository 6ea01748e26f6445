/** `npm run options`: writes docs/options.md from the declarations. A test checks that the page is up to date. */
import { writeFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { OPTIONS_PAGE, optionsPage } from './options/page.ts';
import { ROOT } from './run.ts';

await writeFile(OPTIONS_PAGE, optionsPage());
console.log(`wrote ${relative(ROOT, OPTIONS_PAGE)}`);
