/** `npm run sim -- --from FILE`: the faults of a recording become the script of simulated worlds. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Packet } from '../../src/protocol/packets.ts';
import { HEALTHY } from '../../simulator/healthy-settings.ts';
import { playRecording } from '../../simulator/recorded/play-recording.ts';
import { recordedScript } from '../../simulator/recorded/recorded-script.ts';
import { runSimulation } from '../../simulator/run.ts';
import { headerOf } from '../recorder/kit/records.ts';
import { recordingDirectory } from '../recorder/kit/recorded-incident.ts';
import { connected, lost, writtenRecording } from '../recorder/kit/written-recording.ts';
import { throughProxy } from './broken-worlds.ts';
import { SocketProxy } from './socket-proxy.ts';

const MINUTE = 60_000;

const received = (at: number, op: number, more: object = {}): object => ({
  kind: 'frame',
  at,
  shard: 0,
  direction: 'in',
  op,
  bytes: 30,
  ...more,
});

const refused = (at: number, code: string): object[] => [
  { kind: 'fault', at, shard: 0, code, message: 'x: Unexpected server response: 521' },
  { ...lost(at, 'transport', null)[1] },
];

const back = (at: number): object[] => connected(at, { resumes: true });

/** An incident a minute, in the order of {@link FAULTS}. */
const INCIDENTS = [
  ...connected(0),
  received(1 * MINUTE, 1),
  received(2 * MINUTE, 7),
  ...lost(2 * MINUTE, 'gateway', 4000),
  ...back(2 * MINUTE + 500),
  received(3 * MINUTE, 9, { resumable: true }),
  ...lost(3 * MINUTE, 'gateway', 4000),
  ...back(3 * MINUTE + 500),
  ...lost(4 * MINUTE, 'gateway', 4009),
  ...back(4 * MINUTE + 500),
  ...lost(5 * MINUTE, 'transport', 1006),
  ...refused(5 * MINUTE + 10_000, 'CONNECTION_FAILED'),
  ...refused(5 * MINUTE + 20_000, 'CONNECTION_FAILED'),
  ...back(5 * MINUTE + 30_000),
  { kind: 'heartbeat', at: 6 * MINUTE, shard: 0, latencyMs: 20 },
  { kind: 'state', at: 7 * MINUTE, shard: 0, from: 'ready', to: 'zombie' },
  ...lost(7 * MINUTE, 'shard', 4000),
  ...back(7 * MINUTE + 500),
  { kind: 'fault', at: 8 * MINUTE, shard: 0, code: 'DECODE_FAILED' },
  ...lost(8 * MINUTE, 'shard', 4000),
  ...back(8 * MINUTE + 500),
  { kind: 'lag', at: 9 * MINUTE + 4_000, lateMs: 4_000, cpuMs: 3_900 },
  { kind: 'lag', at: 10 * MINUTE + 5_000, lateMs: 5_000, cpuMs: 10 },
  { kind: 'dispatches', at: 11 * MINUTE, shard: 0, periodMs: 1_000, count: 250, firstS: 2, lastS: 251 },
];

const FAULTS = [
  [1 * MINUTE, { name: 'requestHeartbeats' }],
  [2 * MINUTE, { name: 'reconnect' }],
  [3 * MINUTE, { name: 'suspend' }],
  [4 * MINUTE, { name: 'close', code: 4009 }],
  [5 * MINUTE, { name: 'drop' }],
  [5 * MINUTE + 1, { name: 'refuse', host: 'all', forMs: 20_000 }],
  [6 * MINUTE, { name: 'halfOpen' }],
  [8 * MINUTE, { name: 'corrupt' }],
  [9 * MINUTE, { name: 'sleep', forMs: 4_000 }],
  [10 * MINUTE, { name: 'suspendMachine', forMs: 5_000 }],
  [11 * MINUTE, { name: 'burst', count: 250 }],
];

/** A connection over which no op 1 arrives. */
const withoutHeartbeatRequests = throughProxy(
  (world, socket) =>
    new (class extends SocketProxy {
      protected override incoming(packet: Packet): Packet[] {
        return packet.op === 1 ? [] : [packet];
      }
    })(world, socket),
);

describe('The script from a recording', () => {
  test('has the faults in their order and at their times', async () => {
    const { script, setting } = await recordedScript(await writtenRecording(INCIDENTS));
    expect(script.map(({ at, fault }) => [at, fault])).toEqual(FAULTS);
    expect(setting).toMatchObject({ shards: 1, manager: null, heartbeatIntervalMs: 41_250 });
  });

  test('names the timeouts of the shard as what the gateway did not do', async () => {
    const path = await writtenRecording([
      ...connected(0),
      ...lost(MINUTE, 'transport', 1006),
      ...back(2 * MINUTE).slice(0, -2),
      { kind: 'fault', at: 2 * MINUTE + 30_000, shard: 0, code: 'RESUME_TIMEOUT' },
      ...lost(2 * MINUTE + 30_000, 'shard', 4000),
    ]);
    const { script } = await recordedScript(path);
    expect(script.map(({ fault }) => fault)).toEqual([{ name: 'drop' }, { name: 'noResumed', forMs: 30_000 }]);
  });

  test('ends the session before a RESUME that was refused', async () => {
    const path = await writtenRecording([
      ...connected(0),
      ...lost(MINUTE, 'transport', 1006),
      ...back(MINUTE + 500).slice(0, -2),
      received(MINUTE + 530, 9, { resumable: false }),
    ]);
    const { script } = await recordedScript(path);
    expect(script.map(({ fault }) => fault?.name)).toEqual(['expire', 'drop']);
  });

  test('has a manager if the recording does, and its shards', async () => {
    const path = await writtenRecording(
      [
        { kind: 'managerState', at: 0, from: 'stopped', to: 'starting' },
        ...connected(0, { shard: 0 }),
        ...connected(10, { shard: 1 }),
        ...lost(MINUTE, 'gateway', 4000, 1),
      ],
      2,
    );
    const { script, setting } = await recordedScript(path);
    expect(setting).toMatchObject({ shards: 2, manager: { shards: 'auto' } });
    expect(script).toMatchObject([{ at: MINUTE, shardIndex: 1, fault: { name: 'close', code: 4000 } }]);
  });

  test('restarts the bot where another process began', async () => {
    const path = join(await recordingDirectory(), 'runs.ndjson');
    const header = headerOf({ at: MINUTE, run: 'second', managerState: 'stopped' });
    const first = headerOf({ at: 0, run: 'first', managerState: 'stopped' });
    const lines = [first, { kind: 'end', at: 1_000, reason: 'exit', exitCode: 0 }, header];
    await writeFile(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    const { script } = await recordedScript(path);
    expect(script).toMatchObject([{ at: MINUTE, kind: 'action', name: 'restart' }]);
  });

  test('stretches the times of a demo as much as its heartbeats were faster', async () => {
    const path = await writtenRecording([
      ...connected(0, { intervalMs: 412.5 }),
      ...lost(1_000, 'transport', 1006),
      ...refused(1_050, 'CONNECT_TIMEOUT'),
      ...connected(1_100, { resumes: true, intervalMs: 412.5 }),
    ]);
    const { script } = await recordedScript(path);
    expect(script.map(({ at, fault }) => [at, fault])).toEqual([
      [100_000, { name: 'drop' }],
      [100_001, { name: 'unreachable', host: 'all', forMs: 5_000 }],
    ]);
  });

  test('does not trust the recording', async () => {
    const path = await writtenRecording([
      ...connected(0),
      { kind: 'lag', at: 1e300, lateMs: 1e300, cpuMs: -1e300 },
      ...lost(2_000, 'gateway', 2 ** 40),
      { kind: 'hello', at: 5, shard: 0, heartbeatIntervalMs: -1 },
    ]);
    const { script, setting } = await recordedScript(path);
    expect(script.map(({ fault }) => fault?.name)).toEqual(['suspendMachine']);
    expect(setting.durationMs).toBeLessThanOrEqual(30 * 24 * 60 * MINUTE);
    expect(setting.heartbeatIntervalMs).toBe(41_250);
  });
});

describe('npm run sim -- --from', () => {
  test('injects each fault, and a correct shard breaks no promise', async () => {
    const { script, setting } = await recordedScript(await writtenRecording(INCIDENTS));
    const injected: string[] = [];
    const { violation } = await runSimulation(1, {
      script,
      setting: { ...HEALTHY, ...setting },
      observe: ({ eventLog }) => eventLog.on('fault', ({ name }) => injected.push(name)),
    });
    expect({ violation, injected }).toEqual({ violation: null, injected: script.map(({ name }) => name) });
  });

  test('plays the recording in several worlds, and says which faults it injected', async () => {
    const lines: string[] = [];
    const path = await writtenRecording(INCIDENTS);
    const isWell = await playRecording({ path, firstSeed: 1, worlds: 3, write: (line) => lines.push(line) });
    expect({ isWell, last: lines.at(-1) }).toEqual({ isWell: true, last: 'No violation.' });
    expect(lines[0]).toContain('11 faults of 1 shard, 0.2 shard-hours, in 3 worlds');
    expect(lines.find((line) => line.includes('suspendMachine'))).toMatch(/ 3$/);
  });

  test('prints the command that repeats a violation', async () => {
    const lines: string[] = [];
    const path = await writtenRecording([...connected(0), received(MINUTE, 1), received(5 * MINUTE, 1)]);
    const isWell = await playRecording({
      path,
      firstSeed: 4,
      worlds: 1,
      write: (line) => lines.push(line),
      run: { setting: HEALTHY, checks: ['oracle'], ...withoutHeartbeatRequests },
    });
    expect(isWell).toBe(false);
    expect(lines.join('\n')).toContain(`npm run sim -- --from ${path} --seed 4 --trace --events 1`);
    expect(lines.at(-1)).toBe('1 of 1 worlds violate a check.');
  });
});
