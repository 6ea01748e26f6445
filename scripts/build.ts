/** `npm run build`: compiles into an empty `dist`, so that nothing of an earlier build is published. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT, run } from './run.ts';

await rm(join(ROOT, 'dist'), { recursive: true, force: true });
await run('tsc', ['-p', 'tsconfig.build.json']);
