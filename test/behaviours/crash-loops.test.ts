import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { MemorySessionStore, Shard } from '../../src/index.ts';
import { FakeGateway } from '../../src/testing/index.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { MemoryGateway } from '../kit/memory-gateway.ts';
import { recordEvents } from '../kit/record-events.ts';
import { virtualManager } from '../kit/virtual-manager.ts';
import { TOKEN } from '../kit/virtual-shard.ts';

const DAY_MS = 86_400_000;

/** Keeps the session starts of a bot, but never its session. */
class StartsOnly extends MemorySessionStore {
  readonly times = new Map<number, readonly number[]>();

  override async save(): Promise<void> {}

  async loadStarts(shardId: number): Promise<readonly number[]> {
    return this.times.get(shardId) ?? [];
  }

  async saveStarts(shardId: number, times: readonly number[]): Promise<void> {
    this.times.set(shardId, times);
  }
}

/** Starts a bot again as soon as it has crashed, for `ms`, and returns how often it identified. */
async function crashFor(ms: number, sessionStore: StartsOnly, runsMs = 0) {
  const clock = new VirtualClock();
  const gateway = new MemoryGateway(clock, { remainingStarts: 100_000, totalStarts: 100_000 });
  const faults: string[] = [];
  const until = clock.now() + ms;
  while (clock.now() < until) {
    const { createSocket } = gateway;
    const options = {
      token: TOKEN,
      intents: ['Guilds'],
      url: 'wss://main.test',
      compression: 'none',
      createSocket,
    } as const;
    const shard = new Shard({ ...options, clock, sessionStore });
    const events = recordEvents(shard);
    void shard.connect().catch(() => undefined);
    while (shard.state !== 'ready' && clock.now() < until) await clock.advanceAsync(1_000);
    await clock.advanceAsync(5_000 + runsMs);
    shard.forceClose();
    faults.push(...events.faults);
  }
  return { identifies: gateway.sent(2).length, faults };
}

describe('A bot that crashes right after each start', () => {
  test('106. uses less than 300 session starts a day, and each wait is a fault', async () => {
    const { identifies, faults } = await crashFor(DAY_MS, new StartsOnly());
    expect(identifies).toBeGreaterThan(200);
    expect(identifies).toBeLessThan(300);
    expect(new Set(faults)).toEqual(new Set(['STARTS_TOO_FAST']));
  });

  test('106. does not wait when each process has run for longer than the wait', async () => {
    const { identifies, faults } = await crashFor(3_600_000, new StartsOnly(), 301_000);
    expect(identifies).toBe(12);
    expect(faults).toEqual([]);
  });

  test('106. waits although each start is one of another process', async () => {
    const gateway = await FakeGateway.listen({ token: TOKEN, identifyIntervalMs: 0 });
    const directory = await mkdtemp(join(tmpdir(), 'crash-loop-'));
    const program = join(import.meta.dirname, '../kit/crashing-bot.ts');
    const crash = (): Promise<unknown> =>
      new Promise((resolve) => {
        execFile(process.execPath, [program, gateway.url, directory], (error) => resolve(error?.code));
      });
    const exitCodes: unknown[] = [];
    for (let count = 0; count < 10; count += 1) exitCodes.push(await crash());
    // 7: it was ready. 8: it waited.
    expect(exitCodes).toEqual([7, 7, 7, 7, 8, 8, 8, 8, 8, 8]);
    expect(gateway.stats).toMatchObject({ identifies: 4, resumes: 0 });
    await gateway.close();
    await rm(directory, { recursive: true, force: true });
  }, 60_000);
});

/** Starts a manager with its shards, stops it by force, and returns its faults. */
const startManager = async (sessionStore: StartsOnly): Promise<string[]> => {
  const { manager, clock, faults } = virtualManager({ shards: 64, limit: { max_concurrency: 16 } }, { sessionStore });
  const connected = manager.connect();
  await clock.advanceAsync(400_000);
  await connected;
  manager.forceClose();
  await clock.advanceAsync(10_000);
  return faults.map(([code]) => code);
};

describe('A manager of 64 shards', () => {
  test('107. starts all its shards without a wait, and waits in the fifth start within an hour', async () => {
    const sessionStore = new StartsOnly();
    for (let count = 0; count < 4; count += 1) expect(await startManager(sessionStore)).toEqual([]);
    const faults = await startManager(sessionStore);
    // The first bucket waits, and the others start so much later that they need not.
    expect(faults).toHaveLength(16);
    expect(new Set(faults)).toEqual(new Set(['STARTS_TOO_FAST']));
  });
});
