/** `npm run build`: compiles into an empty `dist`, so that nothing of an earlier build is published. */
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT, run } from './run.ts';

/** Runs in a browser, so it is compiled on its own, and brings files that are no code. */
const PAGE = join('src', 'inspect', 'page');

await rm(join(ROOT, 'dist'), { recursive: true, force: true });
await run('tsc', ['-p', 'tsconfig.build.json']);
await run('tsc', ['-p', PAGE, '--noEmit', 'false', '--rootDir', '.', '--outDir', 'dist']);
for (const file of ['index.html', 'style.css']) await cp(join(ROOT, PAGE, file), join(ROOT, 'dist', PAGE, file));
