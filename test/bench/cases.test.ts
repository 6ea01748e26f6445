/** Every case of ours and of the floors gets exactly what was sent: a case that loses events would look fast. */
import { afterAll, describe, expect, test } from 'vitest';
import { CASES, FLOOR } from '../../bench/cases.ts';
import { CLIENTS, CLIENT_IDS, problemOf } from '../../bench/clients.ts';
import { replayPart, recordedSetup } from '../../bench/scenarios/replay-scenario.ts';
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
  heartbeatIntervalMs: 500,
  floodMs: 1,
};

const harness = new Harness();
afterAll(() => harness.close());

const tested = CLIENT_IDS.filter((id) => /^(?:floor|ours)-/.test(id) && problemOf(CLIENTS[id]) === null);

test.each(tested)('%s gets exactly what was sent, in order', async (id) => {
  const { listensTo = null, variant } = CLIENTS[id];
  const got = await harness.run({ client: id, setup: recordedSetup(SMALL) }, async (connected) => {
    await replayPart(connected, id, 'warmup', SMALL);
    const { digest, outOfOrder, unread } = await replayPart(connected, id, 'measured', SMALL, 'digest');
    const sent = await connected.gateway.call('digest', {
      part: 'measured',
      withData: variant !== 'unread',
      t: listensTo,
    });
    return { isWhatWasSent: digest === sent, outOfOrder, unread };
  });
  expect(got).toEqual({ isWhatWasSent: true, outOfOrder: 0, unread: 0 });
});

describe('each kind of case gives its figures', () => {
  test.each([
    ['backlog/ours-zlib', ['cpuUs', 'wallUs', 'peakRssMiB', 'outOfOrder']],
    ['paced-2000/ours-zlib', ['p50Ms', 'p99Ms', 'mostMs', 'cpuUs', 'outOfOrder']],
    ['block/ours-zlib', ['longestMs']],
    ['memory-1/ours-zlib', ['heapKiB', 'rssKiB', 'rssAtOnceKiB']],
    ['growth/ours-zlib', ['objectsKiB', 'heapKiB', 'rssKiB', 'reconnects']],
    ['storm/ours-zlib', ['allResumedMs', 'medianResumedMs', 'spreadMs', 'identified', 'shards']],
    ['heartbeat/ours-zlib', ['medianLatePercent', 'mostLatePercent', 'beats']],
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
  ])('%s', async (id, names) => {
    const item = CASES.find((candidate) => candidate.id === id)!;
    const figures = await measure(item, SMALL, harness);
    expect(Object.keys(figures)).toEqual(names);
    expect(Object.values(figures).every(Number.isFinite)).toBe(true);
  });
});

test('every client is in the backlog once, and no case is twice', () => {
  expect(CASES.filter(({ kind }) => kind === 'backlog').map(({ client }) => client)).toEqual(CLIENT_IDS);
  expect(new Set(CASES.map(({ id }) => id)).size).toBe(CASES.length);
  expect(FLOOR).toEqual({ id: 'backlog/floor-plain', kind: 'backlog', client: 'floor-plain' });
});

test('a client that ends says so, with what it wrote on the way', async () => {
  const work = harness.run({ client: 'floor-plain', setup: recordedSetup(SMALL) }, ({ client }) =>
    client.call('load', { adapter: 'nobody', nativeZlib: false }),
  );
  await expect(work).rejects.toThrow(/Cannot find module .*nobody\.ts/);
});
