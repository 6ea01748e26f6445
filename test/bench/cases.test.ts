/** Every measured client must receive exactly what was sent, because a client that loses events looks fast. */
import { afterAll, describe, expect, test } from 'vitest';
import { CASES } from '../../bench/cases.ts';
import { BASES, CLIENTS, CLIENT_IDS, problemOf } from '../../bench/clients.ts';
import type { ClientId } from '../../bench/clients.ts';
import { isWarm, ratiosIn } from '../../bench/interleaved.ts';
import { MIX_NAMES } from '../../bench/mix.ts';
import { recorded } from '../../bench/results.ts';
import { runCases } from '../../bench/run.ts';
import { replayPart, recordedSetup } from '../../bench/scenarios/recorded.ts';
import { FULL, QUICK } from '../../bench/settings.ts';
import type { Settings } from '../../bench/settings.ts';
import { Harness } from '../../bench/harness.ts';

const SMALL: Settings = {
  ...QUICK,
  warmup: 100,
  measured: 300,
  pacedMs: 50,
  rounds: { ...FULL.rounds, hello: 1, start: 1 },
  backlog: {
    ...FULL.backlog,
    sliceEvents: { chat: 100, usual: 100, startup: 60 },
    turnMs: 1,
    generations: 1,
    rounds: 2,
    extraRounds: 1,
    // Always warm.
    settled: 1,
    window: 1,
    maxWarmup: 2,
  },
  reconnects: { before: 1, between: 2 },
  stormShards: 3,
  connectShards: 3,
  idle: { shards: 3, ms: 1 },
  // Long enough for an ACK on a busy machine: it comes after a whole loop of the flood.
  heartbeatIntervalMs: 2_000,
  floodMs: 1,
};

const harness = new Harness();
afterAll(() => harness.close());

const tested = CLIENT_IDS.filter((id) => /^(?:floor|ours)-/.test(id) && problemOf(CLIENTS[id]) === null);

describe('a client of the bench', () => {
  test.each(tested)('%s receives exactly what was sent, in order', async (id) => {
    const { listensTo = null, variant } = CLIENTS[id];
    const received = await harness.run({ client: id, setup: recordedSetup(SMALL) }, async (connected) => {
      await replayPart(connected, id, 'warmup', SMALL);
      const { digest, outOfOrder, unread } = await replayPart(connected, id, 'measured', SMALL, 'digest');
      const sent = await connected.gateway.call('digest', {
        part: 'measured',
        withData: variant !== 'unread',
        t: listensTo,
      });
      return { digest, sent, outOfOrder, unread };
    });
    expect(received.digest).toBe(received.sent);
    expect(received.outOfOrder).toBe(0);
    expect(received.unread).toBe(0);
  });

  test('that ends early rejects the call with its error', async () => {
    const work = harness.run({ client: 'floor-plain', setup: recordedSetup(SMALL) }, ({ client }) =>
      client.call('load', { adapter: 'missing', nativeZlib: false }),
    );
    await expect(work).rejects.toThrow(/Cannot find module .*missing\.ts/);
  });
});

const silent = { begin: () => undefined, end: () => undefined, failed: () => undefined };

async function figuresOf(ids: readonly string[]) {
  const cases = CASES.filter(({ id }) => ids.includes(id));
  return recorded(await runCases(cases, SMALL, harness, silent));
}

describe('a case', () => {
  test.each([
    ['paced-2000/ours-zlib', ['p50Ms', 'p99Ms', 'maxMs', 'cpuUs', 'outOfOrder']],
    ['block/ours-zlib', ['maxMs']],
    ['memory-500/ours-zlib', ['heapKiB', 'rssKiB', 'rssBeforeGcKiB']],
    ['connect/ours-zlib', ['allocatedKiB', 'cpuMs']],
    ['growth/ours-zlib', ['objectsKiB', 'heapKiB', 'rssKiB', 'reconnects']],
    ['storm/ours-zlib', ['allResumedMs', 'medianResumedMs', 'spreadMs', 'identified', 'shards']],
    ['heartbeat/ours-zlib', ['medianLatePercent', 'maxLatePercent', 'heartbeats']],
    ['hello/ours-zlib', ['ms']],
    ['start/floor-plain', ['importMs']],
    ['threads-2/ours-zlib', ['perSecond', 'cpuUs', 'mainUs', 'gatewayUs', 'peakRssMiB']],
    [
      'profile/ours-zlib',
      [
        'socketPercent',
        'inflatePercent',
        'textPercent',
        'parsePercent',
        'clientPercent',
        'collectorPercent',
        'restPercent',
        'allocatedKiB',
      ],
    ],
  ])('%s has its figures', async (id, names) => {
    const [item] = await figuresOf([id]);
    expect(item?.problem).toBeNull();
    expect(Object.keys(item!.figures)).toEqual(names);
    expect(Object.values(item!.figures).flat().every(Number.isFinite)).toBe(true);
  });

  test('of a backlog has its ratios to the floors', async () => {
    const ids = ['floor-plain', 'floor-zlib', 'floor-zlib-unread', 'ours-zlib', 'ours-zlib-unread', 'discordjs-zlib'];
    const cases = await figuresOf(ids.map((client) => `backlog-usual/${client}`));
    const namesOf = (client: string): string[] =>
      Object.keys(cases.find(({ id }) => id.endsWith(`/${client}`))!.figures).filter((name) => name.startsWith('over'));
    expect(cases.map(({ problem }) => problem)).toEqual(ids.map(() => null));
    expect(namesOf('ours-zlib')).toEqual(['overFloor', 'overPlain']);
    expect(namesOf('ours-zlib-unread')).toEqual(['overFloor', 'overPlain', 'overUnread']);
    expect(namesOf('discordjs-zlib')).toEqual(['overFloor', 'overPlain', 'overOurs']);
    const { generations, rounds, extraRounds } = SMALL.backlog;
    const [, , , count] = cases[0]!.figures['cpuUs']!;
    expect(count).toBeGreaterThanOrEqual(generations * rounds);
    expect(count).toBeLessThanOrEqual(generations * rounds + extraRounds);
  });

  test('of idle shards counts the heartbeats of each client apart', async () => {
    const cases = await figuresOf(['idle/floor-zlib', 'idle/ours-zlib']);
    expect(cases.map(({ problem }) => problem)).toEqual([null, null]);
    expect(Object.keys(cases[0]!.figures)).toEqual(['heartbeatMs', 'cpuSPerMinute', 'heartbeats']);
  });
});

describe('a warm-up', () => {
  test.each([
    ['is too short to tell', [9, 5, 5], false],
    ['still gets cheaper', [9, 9, 9, 8, 8, 8], false],
    ['no longer gets cheaper', [9, 8, 8, 8, 8, 8, 8], true],
    ['gets dearer, as on a busy machine', [8, 8, 8, 9, 9, 9], true],
  ])('%s', (_what, costs, expected) => {
    expect(isWarm(costs, FULL.backlog)).toBe(expected);
  });
});

describe('the ratios of a turn', () => {
  const costs = { 'ours-zlib-unread': 6, 'floor-zlib': 10, 'floor-plain': 8, 'floor-zlib-unread': 4 } as const;

  test('compare a client with what its bases cost in the same turn', () => {
    expect(ratiosIn('ours-zlib-unread', new Map(Object.entries(costs) as [ClientId, number][]))).toEqual({
      overFloor: 0.6,
      overPlain: 0.75,
      overUnread: 1.5,
    });
  });

  test('leave out a base that has failed or was not measured', () => {
    const failed = new Map<ClientId, number>([
      ['ours-zlib-unread', 6],
      ['floor-zlib', Number.NaN],
      ['floor-plain', 8],
    ]);
    expect(ratiosIn('ours-zlib-unread', failed)).toEqual({ overPlain: 0.75 });
  });
});

describe('CASES', () => {
  test('measures every client in the usual backlog once, but those that differ only at a steady rate or a start', () => {
    const elsewhere = ['ours-zlib-recorder', 'ours-zlib-in-turn'];
    const clients = CASES.flatMap((item) => (item.kind === 'backlog' && item.mix === 'usual' ? item.client : []));
    expect(clients.toSorted()).toEqual(CLIENT_IDS.filter((id) => !elsewhere.includes(id)).toSorted());
  });

  test.each(MIX_NAMES)('has what every case of the mix %s is compared with', (mix) => {
    const clients = CASES.flatMap((item) => (item.kind === 'backlog' && item.mix === mix ? item.client : []));
    const bases = clients.flatMap((client) => Object.values(BASES).flatMap((base) => base(client) ?? []));
    expect(bases.filter((base) => !clients.includes(base))).toEqual([]);
  });

  test('has each id once', () => {
    expect(new Set(CASES.map(({ id }) => id)).size).toBe(CASES.length);
  });

  test('of a quick run cover the floors, shardwright and @discordjs/ws in every mix', () => {
    const ids = CASES.filter((item) => QUICK.includes(item)).map(({ id }) => id);
    const wanted = MIX_NAMES.flatMap((mix) =>
      ['floor-zlib', 'ours-zlib', 'ours-zlib-unread', 'discordjs-zlib'].map((client) => `backlog-${mix}/${client}`),
    );
    expect(wanted.filter((id) => !ids.includes(id))).toEqual([]);
  });
});
