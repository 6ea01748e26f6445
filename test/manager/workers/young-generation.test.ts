/** The young generation of worker threads, which V8 would let grow while many shards connect. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const PROGRAM = join(import.meta.dirname, 'young-generation-process.ts');

/** Resolves with the limit that a thread of the library has in a process with these flags, in MB. */
async function limitWith(execArgv: readonly string[], nodeOptions = ''): Promise<number> {
  const child = fork(PROGRAM, { execArgv: [...execArgv], env: { ...process.env, NODE_OPTIONS: nodeOptions } });
  const exited = once(child, 'exit');
  const [limit] = (await once(child, 'message')) as [number];
  await exited;
  return limit;
}

describe('the young generation of a worker thread', () => {
  test('has at most 6 MB, as with --max-semi-space-size=2', async () => {
    expect(await limitWith([])).toBe(6);
  });

  test.each([
    ['the flag --max-semi-space-size', ['--max-semi-space-size=8'], ''],
    ['the flag --min-semi-space-size', ['--min-semi-space-size=1'], ''],
    ['the flag with underscores', ['--max_semi_space_size=8'], ''],
    ['NODE_OPTIONS', [], '--max-semi-space-size=8'],
  ])('has the size that you choose with %s', async (_, execArgv, nodeOptions) => {
    expect(await limitWith(execArgv, nodeOptions)).not.toBe(6);
  });
});
