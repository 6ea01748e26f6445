/** The inspector in a bundle, where the files of its page do not lie beside its code. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { toolPath } from '../../scripts/matrix/tool.ts';

test('In a bundle createInspector() rejects and says that its page is missing', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'shardwright-bundle-'));
  try {
    const bundle = join(directory, 'inspect.mjs');
    const banner = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";
    await promisify(execFile)(process.execPath, [
      toolPath('esbuild', join('bin', 'esbuild')),
      join(import.meta.dirname, '..', '..', 'src', 'inspect', 'index.ts'),
      '--bundle',
      '--platform=node',
      '--format=esm',
      `--banner:js=${banner}`,
      `--outfile=${bundle}`,
    ]);
    const { createInspector } = (await import(
      pathToFileURL(bundle).href
    )) as typeof import('../../src/inspect/index.ts');
    await expect(createInspector()).rejects.toMatchObject({
      code: 'PAGE_NOT_FOUND',
      hint: expect.stringContaining('out of your bundle') as string,
    });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
