/** `npm run build`: builds into an empty `dist`, so that no file of an earlier build is published. */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeJavaScript, writeTypes } from './build/bundles.ts';
import { ROOT, run } from './run.ts';

/** The inspector's page runs in a browser, so it has its own tsconfig, and it includes HTML and CSS. */
const PAGE = join('src', 'inspect', 'page');

await rm(join(ROOT, 'dist'), { recursive: true, force: true });
await writeJavaScript();
const compiled = await mkdtemp(join(tmpdir(), 'shardwright-build-'));
try {
  await run('tsc', ['-p', 'tsconfig.build.json', '--emitDeclarationOnly', '--outDir', compiled]);
  await writeTypes(compiled);
  await run('tsc', ['-p', PAGE, '--noEmit', 'false', '--rootDir', '.', '--outDir', compiled]);
  await cp(join(compiled, PAGE), join(ROOT, 'dist', 'page'), { recursive: true });
} finally {
  await rm(compiled, { recursive: true, force: true });
}
for (const file of ['index.html', 'style.css']) await cp(join(ROOT, PAGE, file), join(ROOT, 'dist', 'page', file));
