/** A process that ends, one way or the other, and the next one: no IDENTIFY, and no event lost. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { FakeGateway } from '../../src/testing/index.ts';

const BOT = fileURLToPath(new URL('bot.ts', import.meta.url));
const SHARDS = [0, 1, 2, 3];

async function createScenario(workers: number) {
  const directory = await mkdtemp(join(tmpdir(), 'shardwright-restart-'));
  const gateway = await FakeGateway.listen({ token: 'token', heartbeatIntervalMs: 5_000, identifyIntervalMs: 0 });
  const handled = join(directory, 'handled');
  await writeFile(handled, '');
  const sent: number[] = SHARDS.map(() => 0);
  const ending: AbortController = new AbortController();
  return {
    gateway,
    sent,
    /** One event more for every shard. */
    send: (): void => {
      for (const id of SHARDS) gateway.dispatch('MESSAGE_CREATE', { id: String((sent[id]! += 1)) }, { shardId: id });
    },
    start: async () => {
      const bot = spawn(
        process.execPath,
        [BOT, gateway.apiUrl, join(directory, 'sessions'), handled, String(workers)],
        {
          stdio: ['ignore', 'pipe', 'inherit'],
          signal: ending.signal,
          killSignal: 'SIGKILL',
        },
      );
      bot.on('error', () => undefined);
      await once(bot.stdout, 'data');
      return bot;
    },
    /** What was handled of each shard, in order. */
    handled: async (): Promise<number[][]> => {
      const lines = (await readFile(handled, 'utf8')).trimEnd().split('\n');
      return SHARDS.map((id) =>
        lines.filter((line) => line.startsWith(`${id} `)).map((line) => Number(line.split(' ')[1])),
      );
    },
    async [Symbol.asyncDispose]() {
      ending.abort();
      await gateway.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n + 1);

/** The next process has caught up when the gateway has replayed, and what was sent last is handled. */
async function untilHandled(
  handled: () => Promise<number[][]>,
  sent: readonly number[],
  changed: () => Promise<unknown>,
): Promise<number[][]> {
  for (;;) {
    const all = await handled();
    if (all.every((ids, shardId) => ids.includes(sent[shardId]!))) return all;
    await changed();
  }
}

test.each([0, 2])(
  'SIGTERM, with %i workers: every shard is resumed, and every event is handled exactly once',
  { timeout: 120_000 },
  async (workers) => {
    await using kit = await createScenario(workers);
    const { gateway, sent, send, start, handled } = kit;
    const first = await start();
    const load = setInterval(send, 2);
    await gateway.waitUntil(({ stats }) => stats.dispatched > 400);
    first.kill('SIGTERM');
    const [code] = await once(first, 'exit');
    expect([code, gateway.history.map(({ closedWith }) => closedWith?.code)]).toEqual([0, [4000, 4000, 4000, 4000]]);
    const second = await start();
    clearInterval(load);
    send();
    const all = await untilHandled(handled, sent, () => new Promise((resolve) => setImmediate(resolve)));
    second.kill('SIGTERM');
    await once(second, 'exit');

    expect(all).toEqual(sent.map(upTo));
    expect(gateway.stats).toMatchObject({ identifies: 4, resumes: 4, violations: [] });
  },
);

test.each([0, 2])(
  'SIGKILL, with %i workers: every shard is resumed, no event is lost, and what is handled again is of the last second',
  { timeout: 120_000 },
  async (workers) => {
    await using kit = await createScenario(workers);
    const { gateway, sent, send, start, handled } = kit;
    const first = await start();
    const startedAt = performance.now();
    const load = setInterval(send, 2);
    const at: number[] = [];
    const clock = setInterval(() => at.push(sent[0]!), 100);
    await gateway.waitUntil(() => performance.now() - startedAt > 2_500);
    first.kill('SIGKILL');
    await once(first, 'exit');
    const before = await handled();
    const second = await start();
    clearInterval(load);
    clearInterval(clock);
    send();
    const all = await untilHandled(handled, sent, () => new Promise((resolve) => setImmediate(resolve)));
    second.kill('SIGTERM');
    await once(second, 'exit');

    for (const [shardId, ids] of all.entries()) {
      const again = ids.slice(before[shardId]!.length);
      // The second process goes on in order, from somewhere in what the first has handled, or right behind it.
      expect(again).toEqual(upTo(sent[shardId]!).slice(again[0]! - 1));
      expect(again[0]! - 1).toBeLessThanOrEqual(before[shardId]!.at(-1)!);
      expect(before[shardId]).toEqual(upTo(before[shardId]!.length));
      // Not from the beginning: the sequence was written on the way.
      expect(again[0]).toBeGreaterThan(1);
    }
    expect(gateway.stats).toMatchObject({ identifies: 4, resumes: 4, violations: [] });
  },
);
