/** What an import of the package loads. Most of its time is the loading of modules of Node. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { ROOT } from './source-tree.ts';

const run = promisify(execFile);

/** Modules of Node that cost more than the rest of an import together, and that a bot may never use. */
const EXPENSIVE = ['internal/deps/undici/undici', 'internal/fs/promises'];

/** Lists the modules of Node that a new process has loaded after the import of a file. */
async function loadedBy(file: string): Promise<readonly string[]> {
  const program = `await import(${JSON.stringify(join(ROOT, file))}); console.log(JSON.stringify(process.moduleLoadList));`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', program]);
  return (JSON.parse(stdout) as readonly string[]).map((name) => name.replace(/^NativeModule /, ''));
}

describe('an import', () => {
  test.each(['src/index.ts', 'src/discordjs/index.ts'])(
    'of %s loads neither the fetch of Node nor its promises of files',
    async (file) => {
      const loaded = await loadedBy(file);
      expect(loaded).toContain('http');
      expect(loaded.filter((name) => EXPENSIVE.includes(name))).toEqual([]);
    },
  );

  test.each(['src/testing/index.ts', 'src/inspect/index.ts'])('of %s does not load the fetch of Node', async (file) => {
    expect(await loadedBy(file)).not.toContain('internal/deps/undici/undici');
  });
});
