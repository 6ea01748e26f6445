/** Every measured client must receive exactly what was sent, because a client that loses events looks fast. */
import { afterAll, describe, expect, test } from 'vitest';
import { CASES, FLOOR } from '../../bench/cases.ts';
import { CLIENTS, CLIENT_IDS, problemOf } from '../../bench/clients.ts';
import { replayPart, recordedSetup } from '../../bench/scenarios/recorded.ts';
import { measure } from '../../bench/scenarios/index.ts';
import { QUICK } from '../../bench/settings.ts';
import type { Settings } from '../../bench/settings.ts';
import { Harness } from '../../bench/harness.ts';

const SMALL: Settings = {
  ...QUICK,
  warmup: 100,
  measured: 300,
  pacedMs: 50,
  reconnects: { before: 1, between: 2 },
  stormShards: 3,
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

describe('measure', () => {
  test.each([
    ['backlog/ours-zlib', ['cpuUs', 'wallUs', 'peakRssMiB', 'outOfOrder']],
    ['paced-2000/ours-zlib', ['p50Ms', 'p99Ms', 'maxMs', 'cpuUs', 'outOfOrder']],
    ['block/ours-zlib', ['maxMs']],
    ['memory-1/ours-zlib', ['heapKiB', 'rssKiB', 'rssBeforeGcKiB']],
    ['growth/ours-zlib', ['objectsKiB', 'heapKiB', 'rssKiB', 'reconnects']],
    ['storm/ours-zlib', ['allResumedMs', 'medianResumedMs', 'spreadMs', 'identified', 'shards']],
    ['heartbeat/ours-zlib', ['medianLatePercent', 'maxLatePercent', 'heartbeats']],
    ['hello/ours-zlib', ['ms']],
    ['threads-2/ours-zlib', ['perSecond', 'cpuUs', 'peakRssMiB']],
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
  ])('returns the figures of %s', async (id, names) => {
    const item = CASES.find((candidate) => candidate.id === id)!;
    const figures = await measure(item, SMALL, harness);
    expect(Object.keys(figures)).toEqual(names);
    expect(Object.values(figures).every(Number.isFinite)).toBe(true);
  });
});

describe('CASES', () => {
  test('measures every client in the backlog once', () => {
    expect(CASES.filter(({ kind }) => kind === 'backlog').map(({ client }) => client)).toEqual(CLIENT_IDS);
  });

  test('has each id once', () => {
    expect(new Set(CASES.map(({ id }) => id)).size).toBe(CASES.length);
  });

  test('starts with the floor', () => {
    expect(FLOOR).toEqual({ id: 'backlog/floor-plain', kind: 'backlog', client: 'floor-plain' });
  });
});
