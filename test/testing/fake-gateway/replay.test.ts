/** FakeGateway does what a recording says that the real gateway did. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { MemoryIdentifyGate, Shard } from '../../../src/index.ts';
import { FakeGateway } from '../../../src/testing/index.ts';
import { QUICK } from '../../kit/timing.ts';
import { recordedShard, recordingDirectory } from '../../recorder/kit/recorded-incident.ts';
import { connected, lost, writtenRecording } from '../../recorder/kit/written-recording.ts';

async function replay(path: string, speed = 50): Promise<FakeGateway> {
  const gateway = await FakeGateway.replay(path, { speed });
  onTestFinished(() => gateway.close());
  return gateway;
}

/** A shard on the gateway; `passed` is the list of its states, `dispatches` counts the kinds with their sizes. */
async function client(gateway: FakeGateway, shardId = 0, shardCount = 1) {
  const shard = new Shard({
    token: 'replay-test',
    intents: ['GuildMessages'],
    url: gateway.url,
    shardId,
    shardCount,
    compression: 'none',
    timing: QUICK,
    identifyGate: new MemoryIdentifyGate({ spacingMs: 0, marginMs: 0 }),
  });
  onTestFinished(() => shard.disconnect());
  const passed: string[] = [];
  const losses: (readonly [string, number | null])[] = [];
  const received: { readonly t: string; readonly d: unknown }[] = [];
  shard.on('stateChange', ({ to }) => passed.push(to));
  shard.on('disconnected', ({ initiator, code }) => losses.push([initiator, code]));
  shard.on('fault', () => undefined);
  shard.on('dispatch', ({ t, d }) => received.push({ t, d }));
  void shard.connect();
  return { shard, passed, losses, received };
}

const done = (gateway: FakeGateway): Promise<void> => gateway.waitUntil(({ isReplayed }) => isReplayed);
const IDENTIFIES = ['connecting', 'identifying', 'ready'];
const RESUMES = ['reconnecting', 'connecting', 'resuming', 'ready'];

/** Two connections, of which the first ends in one of these ways; the end comes a second after READY. */
const endingWith = (records: readonly object[]): Promise<string> =>
  writtenRecording([...connected(0), ...records, ...connected(2_000, { resumes: true })]);

const received = (op: number, more: object = {}): object => ({
  kind: 'frame',
  at: 1_000,
  shard: 0,
  direction: 'in',
  op,
  bytes: 30,
  ...more,
});

/** An attempt to connect that was refused. */
const refused = (at: number): object[] => [
  { kind: 'state', at, shard: 0, from: 'reconnecting', to: 'connecting' },
  { kind: 'state', at: at + 5, shard: 0, from: 'connecting', to: 'reconnecting' },
  { kind: 'fault', at: at + 5, shard: 0, code: 'CONNECTION_FAILED', message: 'x: Unexpected server response: 521' },
  { ...lost(at + 5, 'transport', null)[1] },
];

describe('a replay', () => {
  test.each<[string, readonly object[], readonly [string, number | null]]>([
    ['a close with its code', lost(1_000, 'gateway', 4000), ['gateway', 4000]],
    ['a cut connection', lost(1_000, 'transport', 1006), ['transport', 1006]],
    ['op 7', [received(7), ...lost(1_001, 'gateway', 4000)], ['gateway', 4000]],
    ['op 9 true', [received(9, { resumable: true }), ...lost(1_001, 'gateway', 4000)], ['gateway', 4000]],
  ])('repeats %s, and then the RESUME', async (_name, end, loss) => {
    const gateway = await replay(await endingWith(end));
    const { passed, losses } = await client(gateway);
    await done(gateway);
    await expect.poll(() => passed).toEqual([...IDENTIFIES, ...RESUMES]);
    expect(losses).toEqual([loss]);
    expect(gateway.stats).toMatchObject({ identifies: 1, resumes: 1, violations: [] });
  });

  test('repeats op 9 false, after which the session is over', async () => {
    const path = await endingWith([received(9, { resumable: false }), ...lost(1_001, 'gateway', 1000)]);
    const gateway = await replay(path);
    const { passed } = await client(gateway);
    await expect.poll(() => passed).toEqual([...IDENTIFIES, 'reconnecting', ...IDENTIFIES]);
    expect(gateway.stats).toMatchObject({ identifies: 2, resumes: 0 });
  });

  test('repeats op 1, which the client answers at once', async () => {
    const gateway = await replay(await writtenRecording([...connected(0), received(1)]), 1);
    await client(gateway);
    const connection = await gateway.waitForConnection();
    expect((await connection.waitFor(1)).op).toBe(1);
  });

  test('repeats missing ACKs of a real recording: the connection becomes a zombie', async () => {
    const directory = await recordingDirectory();
    const kit = await recordedShard(directory);
    await kit.clock.advanceAsync(60_000);
    kit.gateway.answers.ack = false;
    await kit.clock.advanceAsync(81_000);
    kit.gateway.answers.ack = true;
    await kit.clock.advanceAsync(60_000);
    await kit.recorder.close();
    const gateway = await replay(directory, 200);
    const { passed } = await client(gateway);
    await expect.poll(() => passed, { timeout: 30_000 }).toEqual([...IDENTIFIES, 'zombie', ...RESUMES]);
  });

  test('repeats an outage: attempts are refused with the recorded status as long as it took', async () => {
    const records = [...lost(1_000, 'transport', 1006), ...refused(1_100), ...refused(1_500)];
    const gateway = await replay(await endingWith(records), 1);
    const { passed, shard } = await client(gateway);
    const faults: string[] = [];
    shard.on('fault', ({ message }) => faults.push(message));
    await done(gateway);
    await expect.poll(() => passed.at(-1)).toBe('ready');
    expect(faults.length).toBeGreaterThan(0);
    expect(faults.every((message) => message.includes('521'))).toBe(true);
    expect(gateway.stats).toMatchObject({ identifies: 1, resumes: 1 });
  });

  test('sends dispatches of the recorded kinds, numbers and sizes', async () => {
    const kinds = { MESSAGE_CREATE: { count: 40, bytes: 40_000 }, TYPING_START: { count: 7, bytes: 7_000 } };
    const path = await writtenRecording([
      ...connected(0),
      { kind: 'dispatches', at: 1_030, shard: 0, periodMs: 1_000, count: 47, firstS: 2, lastS: 48, kinds },
    ]);
    const gateway = await replay(path);
    const { received: dispatches } = await client(gateway);
    const of = (name: string) => dispatches.filter(({ t }) => t === name);
    await expect.poll(() => [of('MESSAGE_CREATE').length, of('TYPING_START').length]).toEqual([40, 7]);
    const size = JSON.stringify({ t: 'MESSAGE_CREATE', s: 10, op: 0, d: of('MESSAGE_CREATE')[0]!.d }).length;
    expect(Math.abs(size - 1_000)).toBeLessThan(50);
  });

  test('sends again after RESUMED what the recorded shard had missed', async () => {
    const kinds = { MESSAGE_CREATE: { count: 5, bytes: 2_000 } };
    const second = connected(2_000, { resumes: true });
    const missed = { kind: 'dispatches', at: 2_029, shard: 0, periodMs: 5, count: 5, firstS: 2, lastS: 6, kinds };
    const path = await writtenRecording([
      ...connected(0),
      ...lost(1_000, 'transport', 1006),
      ...second.slice(0, -2),
      missed,
      ...second.slice(-2),
    ]);
    const gateway = await replay(path);
    await client(gateway);
    await expect.poll(() => gateway.stats).toMatchObject({ resumes: 1, replayed: 5 });
  });

  test('knows each of several shards by its IDENTIFY', async () => {
    const path = await writtenRecording(
      [
        ...connected(0, { shard: 0 }),
        ...connected(100, { shard: 1 }),
        ...lost(1_000, 'gateway', 4000, 1),
        ...connected(2_000, { shard: 1, resumes: true }),
      ],
      2,
    );
    const gateway = await replay(path);
    const second = await client(gateway, 1, 2);
    const first = await client(gateway, 0, 2);
    await done(gateway);
    await expect.poll(() => second.passed).toEqual([...IDENTIFIES, ...RESUMES]);
    expect(first.passed).toEqual(IDENTIFIES);
  });

  test('knows each of several shards by its resume URL: an outage of one refuses only that one', async () => {
    const both = [0, 1].flatMap((shard) => [
      ...connected(shard * 100, { shard }),
      ...lost(1_000 + shard, 'gateway', 4000, shard),
    ]);
    const path = await writtenRecording(
      [
        ...both,
        ...refused(1_200).map((record) => ({ ...record, shard: 1 })),
        ...refused(3_000).map((record) => ({ ...record, shard: 1 })),
        ...connected(1_100, { shard: 0, resumes: true }),
        ...connected(4_000, { shard: 1, resumes: true }),
      ],
      2,
    );
    const gateway = await replay(path);
    const first = await client(gateway, 0, 2);
    const second = await client(gateway, 1, 2);
    await done(gateway);
    await expect.poll(() => first.passed).toEqual([...IDENTIFIES, ...RESUMES]);
    await expect.poll(() => second.passed.at(-1)).toBe('ready');
    expect(second.passed.slice(0, 6)).toEqual([...IDENTIFIES, 'reconnecting', 'connecting', 'reconnecting']);
  });

  test('holds a late ACK no longer than it was late, also for heartbeats at other times', async () => {
    const ack = { kind: 'heartbeat', at: 3_900, shard: 0, latencyMs: 400 };
    const path = await writtenRecording([...connected(0, { intervalMs: 1_000 }), ack, received(1, { at: 5_000 })]);
    const gateway = await replay(path, 1);
    const { passed } = await client(gateway);
    await done(gateway);
    expect(passed).toEqual(IDENTIFIES);
  });

  test('repeats one shard of several', async () => {
    const path = await writtenRecording(
      [...connected(0), ...connected(100, { shard: 1 }), ...lost(1_000, 'gateway', 4000, 1)],
      2,
    );
    const gateway = await FakeGateway.replay(path, { speed: 50, shardId: 0 });
    onTestFinished(() => gateway.close());
    await client(gateway, 0, 2);
    await expect.poll(() => gateway.isReplayed).toBe(true);
    await expect(FakeGateway.replay(path, { shardId: 2 })).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
  });

  test('is ordinary after the recording', async () => {
    const gateway = await replay(await writtenRecording(connected(0)));
    const { passed } = await client(gateway);
    await done(gateway);
    (await gateway.waitForConnection(({ sessionId }) => sessionId !== null)).terminate();
    await expect.poll(() => passed).toEqual([...IDENTIFIES, ...RESUMES]);
  });
});

describe('a replay does not trust the recording', () => {
  test('of values that no gateway sends', async () => {
    const kinds = { ['X'.repeat(500)]: { count: 2 ** 50, bytes: 2 ** 52 }, __proto__x: { count: 1, bytes: 0 } };
    const path = await writtenRecording([
      ...connected(0, { intervalMs: 1e300 }),
      { kind: 'heartbeat', at: 40, shard: 0, latencyMs: 1e308 },
      { kind: 'dispatches', at: 50, shard: 0, periodMs: -1e300, count: 1, kinds: { A: { count: 3, bytes: 1e15 } } },
      { kind: 'dispatches', at: 60, shard: 0, periodMs: 1e300, count: 2 ** 50, kinds },
      ...lost(100, 'gateway', 123_456_789),
      { kind: 'hello', at: 1e14, shard: 0, heartbeatIntervalMs: -1 },
      ...connected(1e15, { resumes: true, intervalMs: 0 }),
      { kind: 'shard', at: 0, shard: 9, shardCount: 3, state: 'ready' },
      { kind: 'connected', at: 0, shard: 77 },
    ]);
    const gateway = await replay(path, 10_000);
    const { losses } = await client(gateway);
    // The next loss may come before this is asked: then the shard has been refused what it wanted to resume.
    await expect.poll(() => losses[0], { timeout: 20_000 }).toEqual(['transport', 1006]);
  });

  test('that contains no shard, is no recording, or is missing', async () => {
    const directory = await recordingDirectory();
    const path = join(directory, 'other.txt');
    await writeFile(path, 'not a recording\n');
    for (const unreadable of [path, directory, join(directory, 'missing'), await writtenRecording([], 0)])
      await expect(FakeGateway.replay(unreadable)).rejects.toMatchObject({ code: 'RECORDING_UNREADABLE' });
  });

  test.each([0, -1, Number.NaN, 10_001])('with the speed %s', async (speed) => {
    await expect(FakeGateway.replay('x', { speed })).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
  });
});
