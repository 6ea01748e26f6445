/** `npm run docs`: the documentation and the API reference as a static site in `site/.vitepress/dist`. */
import { join } from 'node:path';
import { build } from 'vitepress';
import { writeApi } from './api.ts';
import { readCatalogue } from './catalogue.ts';
import { problemsOf } from './check.ts';
import { copyPages } from './pages.ts';

const OUT = join(import.meta.dirname, '.vitepress', 'dist');

await copyPages(await readCatalogue());
await writeApi();
await build(import.meta.dirname);
const problems = await problemsOf(OUT, process.env['DOCS_BASE'] ?? '/');
if (problems.length > 0) throw new Error(`The site has ${problems.length} problems:\n${problems.join('\n')}`);
process.stdout.write(`The site is in ${OUT}\n`);
