/** `npm run build`: compiles into an empty `dist`, so that no file of an earlier build is published. */
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT, run } from './run.ts';

/** The inspector's page runs in a browser, so it has its own tsconfig, and it includes HTML and CSS. */
const PAGE = join('src', 'inspect', 'page');

await rm(join(ROOT, 'dist'), { recursive: true, force: true });
await run('tsc', ['-p', 'tsconfig.build.json']);
await run('tsc', ['-p', PAGE, '--noEmit', 'false', '--rootDir', '.', '--outDir', 'dist']);
for (const file of ['index.html', 'style.css']) await cp(join(ROOT, PAGE, file), join(ROOT, 'dist', PAGE, file));
