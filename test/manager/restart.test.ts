/** A bot process that ends and the next one, which resumes: no IDENTIFY, and no event lost. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { FakeGateway } from '../../src/testing/index.ts';
import { pause } from '../kit/until.ts';

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
    /** Dispatches one more event to every shard. */
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
    /** Returns the ids of the events that the bot has handled, by shard, in order. */
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

/** Resolves when the bot has handled the last event of every shard. The replay is over then. */
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

describe('a restarted bot', () => {
  test.each([0, 2])(
    'resumes every shard after SIGTERM, and every event is handled exactly once (%i workers)',
    { timeout: 120_000 },
    async (workers) => {
      await using kit = await createScenario(workers);
      const { gateway, sent, send, start, handled } = kit;
      const first = await start();
      const load = setInterval(send, 8);
      await gateway.waitUntil(({ stats }) => stats.dispatched > 400);
      first.kill('SIGTERM');
      const [code] = await once(first, 'exit');
      expect(code).toBe(0);
      expect(gateway.history.map(({ closedWith }) => closedWith?.code)).toEqual([4000, 4000, 4000, 4000]);
      const second = await start();
      clearInterval(load);
      send();
      const all = await untilHandled(handled, sent, () => pause(20));
      second.kill('SIGTERM');
      await once(second, 'exit');

      expect(all).toEqual(sent.map(upTo));
      expect(gateway.stats).toMatchObject({ identifies: 4, resumes: 4, violations: [] });
    },
  );

  test.each([0, 2])(
    'resumes every shard after SIGKILL, loses no event, and repeats only the last second (%i workers)',
    { timeout: 120_000 },
    async (workers) => {
      await using kit = await createScenario(workers);
      const { gateway, sent, send, start, handled } = kit;
      const first = await start();
      const startedAt = performance.now();
      const load = setInterval(send, 8);
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
      const all = await untilHandled(handled, sent, () => pause(20));
      second.kill('SIGTERM');
      await once(second, 'exit');

      for (const [shardId, ids] of all.entries()) {
        const again = ids.slice(before[shardId]!.length);
        // The second process continues in order, from an event that the first has handled, or right after the last one.
        expect(again).toEqual(upTo(sent[shardId]!).slice(again[0]! - 1));
        expect(again[0]! - 1).toBeLessThanOrEqual(before[shardId]!.at(-1)!);
        expect(before[shardId]).toEqual(upTo(before[shardId]!.length));
        // Not from the beginning: the sequence was written while the first process ran.
        expect(again[0]).toBeGreaterThan(1);
      }
      expect(gateway.stats).toMatchObject({ identifies: 4, resumes: 4, violations: [] });
    },
  );
});
