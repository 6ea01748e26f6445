/** Causes that few recordings have, in recordings made for them. */
import { describe, expect, test } from 'vitest';
import { explain } from '../../src/recorder/explain/explain.ts';
import type { Story } from '../../src/recorder/explain/story.ts';
import type { RecordOf, RecordedLine, RecordingRecord } from '../../src/recorder/index.ts';
import { recordedShard, recordingDirectory } from './kit/recorded-incident.ts';
import { headerOf, stateRecord } from './kit/records.ts';

const RUN = 'run';

async function storyOfRecords(...records: readonly RecordingRecord[]): Promise<Story> {
  async function* lines(): AsyncGenerator<RecordedLine> {
    for (const record of [headerOf({ at: 0, run: RUN }), ...records]) yield { run: RUN, record };
  }
  return explain(lines(), { now: 2_000 });
}

const problem = (
  kind: 'fault' | 'failed',
  at: number,
  code: string,
  message: string | null = null,
): RecordingRecord => ({
  kind,
  at,
  shard: 0,
  code,
  message,
  hint: `the hint of ${code}`,
  closeCode: null,
  opcode: null,
  cause: null,
});

const loss = (at: number, fields: Partial<RecordOf<'disconnected'>> = {}): RecordOf<'disconnected'> => ({
  kind: 'disconnected',
  at,
  shard: 0,
  code: null,
  reason: 'a reason',
  initiator: 'shard',
  willReconnect: true,
  willResume: true,
  ...fields,
});

const frame = (
  at: number,
  direction: 'in' | 'out',
  op: number,
  t: string | null,
  s: number | null,
): RecordingRecord => ({ kind: 'frame', at, shard: 0, direction, op, t, s, bytes: 30, resumable: null, delayMs: null });

const dispatches = (at: number, firstS: number, lastS: number, count: number): RecordingRecord => ({
  kind: 'dispatches',
  at,
  shard: 0,
  periodMs: 1_000,
  count,
  firstS,
  lastS,
  kinds: null,
});

const send = (at: number, waitMs: number): RecordingRecord => ({
  kind: 'send',
  at,
  shard: 0,
  event: 'sent',
  payload: 'command',
  waitMs,
  pending: 0,
  code: null,
});

const START = [stateRecord(100, 'disconnected', 'connecting'), stateRecord(200, 'connecting', 'ready')] as const;
const BACK = [
  stateRecord(1_100, 'reconnecting', 'connecting'),
  stateRecord(1_200, 'resuming', 'ready'),
  { kind: 'resumed', at: 1_200, shard: 0, replayed: 3 },
] as const satisfies readonly RecordingRecord[];

describe('explain names', () => {
  test.each([
    ['BUFFER_FULL', 'slowConsumer'],
    ['PROXY_AUTHENTICATION_FAILED', 'proxyFailed'],
    ['CONNECT_TIMEOUT', 'outage'],
    ['DECODE_FAILED', 'corruptData'],
    ['DISPATCH_SILENCE', 'fault'],
  ])('the fault %s as %s', async (code, cause) => {
    const { incidents } = await storyOfRecords(
      ...START,
      stateRecord(1_000, 'ready', 'reconnecting'),
      problem('fault', 1_000, code),
      loss(1_000),
      ...BACK,
    );
    expect(incidents).toMatchObject([
      { number: 1, cause, shards: [0], startAt: 1_000, endAt: 1_200, offlineMs: 200, lost: 'nothing' },
    ]);
  });

  test.each([
    ['AUTHENTICATION_FAILED', 'wrongToken'],
    ['INVALID_INTENTS', 'invalidIntents'],
    ['SESSION_IN_USE', 'sessionInUse'],
    ['SHARDING_REQUIRED', 'failed'],
  ])('the failure %s as %s, with its hint', async (code, cause) => {
    const { incidents } = await storyOfRecords(
      stateRecord(100, 'disconnected', 'connecting'),
      stateRecord(500, 'connecting', 'failed'),
      loss(500, { willReconnect: false, willResume: false }),
      problem('failed', 500, code),
    );
    expect(incidents).toMatchObject([
      { cause, did: 'The shard stopped for good.', lost: 'unknown', advice: `the hint of ${code}` },
    ]);
  });

  test('another process with the session as a pattern too', async () => {
    const { patterns } = await storyOfRecords(
      stateRecord(100, 'disconnected', 'connecting'),
      stateRecord(500, 'connecting', 'failed'),
      problem('failed', 500, 'SESSION_IN_USE'),
    );
    expect(patterns).toMatchObject([{ id: 'twoProcesses', incidents: [1] }]);
  });

  test('a crash, with the name of the error', async () => {
    const { incidents } = await storyOfRecords(
      ...START,
      { kind: 'crash', at: 900, shard: null, name: 'TypeError', code: 'ERR_X' },
      { kind: 'end', at: 901, shard: null, reason: 'exit', exitCode: 1 },
    );
    expect(incidents).toMatchObject([
      { cause: 'crashed', shards: [], what: 'The process ended with an uncaught TypeError (ERR_X).', lost: 'unknown' },
    ]);
  });

  test('an exit with a code', async () => {
    const { incidents } = await storyOfRecords(...START, {
      kind: 'end',
      at: 901,
      shard: null,
      reason: 'exit',
      exitCode: 78,
    });
    expect(incidents).toMatchObject([{ cause: 'exited', what: 'The process exited with code 78.' }]);
  });

  test('nothing at a clean end, and nothing of a process that still runs', async () => {
    const end = { kind: 'end', at: 901, shard: null, reason: 'exit', exitCode: 0 } as const;
    expect((await storyOfRecords(...START, end)).incidents).toEqual([]);
    expect((await storyOfRecords(...START)).incidents).toEqual([]);
  });

  test('a reconnect that you asked for', async () => {
    const kit = await recordedShard(await recordingDirectory());
    await kit.clock.advanceAsync(60_000);
    const reconnected = kit.shard.reconnect();
    await kit.clock.advanceAsync(10_000);
    await reconnected;
    const { incidents } = await kit.story();
    expect(incidents).toMatchObject([{ cause: 'requested', lost: 'nothing' }]);
  });
});

describe('The summary', () => {
  test('counts dispatches that a sequence says are missing', async () => {
    const { summary } = await storyOfRecords(...START, dispatches(300, 2, 11, 10), dispatches(400, 14, 20, 6));
    expect(summary).toMatchObject({ dispatches: 16, missing: 3 });
  });

  test('counts no RESUMED as missing that a connection has taken along when it was lost', async () => {
    const resume = (at: number) => frame(at, 'out', 6, null, null);
    const records = [
      dispatches(300, 2, 11, 10),
      resume(400),
      // RESUMED had the number 12.
      resume(500),
      dispatches(600, 13, 20, 8),
      frame(700, 'in', 0, 'RESUMED', 21),
    ];
    expect((await storyOfRecords(...START, ...records)).summary.missing).toBe(0);
    const { summary } = await storyOfRecords(...START, ...records, dispatches(800, 24, 30, 7));
    expect(summary.missing).toBe(2);
  });

  test('says what was sent too fast, and how long sends waited', async () => {
    const { summary } = await storyOfRecords(...START, send(300, 2), send(400, 9_000), {
      kind: 'rateLimited',
      at: 500,
      shard: 0,
      opcode: 8,
      retryAfterMs: 12_000,
    });
    expect(summary).toMatchObject({
      sends: { sent: 2, waited: 1, longestWaitMs: 9_000 },
      rateLimited: { 8: 1 },
    });
  });
});
