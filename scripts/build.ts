/** `npm run build`: builds into an empty `dist`, so that no file of an earlier build is published. */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeJavaScript, writePage, writeTypes } from './build/bundles.ts';
import { ROOT, run } from './run.ts';

/** The inspector's page runs in a browser, and it includes HTML and CSS. */
const PAGE = join(ROOT, 'src', 'inspect', 'page');
const BUILT_PAGE = join(ROOT, 'dist', 'page');

await rm(join(ROOT, 'dist'), { recursive: true, force: true });
await writeJavaScript();
const compiled = await mkdtemp(join(tmpdir(), 'shardwright-build-'));
try {
  await run('tsc', ['-p', 'tsconfig.build.json', '--emitDeclarationOnly', '--outDir', compiled]);
  await writeTypes(compiled);
} finally {
  await rm(compiled, { recursive: true, force: true });
}
await writePage(join(PAGE, 'main.ts'), join(BUILT_PAGE, 'main.js'));
for (const file of ['index.html', 'style.css']) await cp(join(PAGE, file), join(BUILT_PAGE, file));
