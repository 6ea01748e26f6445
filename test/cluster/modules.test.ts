/** Without an engine, a bot loads nothing of the cluster. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';

const run = promisify(execFile);
const INDEX = new URL('../../src/index.ts', import.meta.url).href;
const TESTING = new URL('../../src/testing/index.ts', import.meta.url).href;

/** Connects a bot, and prints which files of the cluster were loaded by then. */
const program = (options: string): string => `
  import { registerHooks } from 'node:module';
  const loaded = new Set();
  registerHooks({
    load(url, context, next) {
      const [, file] = /\\/src\\/(cluster\\/.*|redis\\/.*)\\.ts$/.exec(url) ?? [];
      if (file !== undefined) loaded.add(file);
      return next(url, context);
    },
  });
  const { ShardManager, memoryEngine } = await import(${JSON.stringify(INDEX)});
  const { FakeGateway } = await import(${JSON.stringify(TESTING)});
  const gateway = await FakeGateway.listen({ token: 'token' });
  const manager = new ShardManager({ token: 'token', intents: 1, api: gateway.apiUrl, ${options} });
  await manager.connect();
  await manager.disconnect();
  await gateway.close();
  console.log(JSON.stringify([...loaded].toSorted()));
`;

async function loadedBy(options: string): Promise<string[]> {
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', program(options)]);
  return JSON.parse(stdout) as string[];
}

describe('a bot', () => {
  test('without an engine loads only what its exports name', async () => {
    const loaded = await loadedBy('');
    // A class and a function that do nothing before they are given an engine, or opened.
    expect(loaded).toContain('cluster/consumer/dispatch-consumer');
    expect(loaded.filter((file) => !file.startsWith('cluster/consumer/'))).toEqual(['cluster/memory/memory-engine']);
  });

  test('with an engine loads the node', async () => {
    expect(await loadedBy('engine: memoryEngine({ leaseTtlMs: 100 })')).toContain('cluster/node/cluster-node');
  });
});
