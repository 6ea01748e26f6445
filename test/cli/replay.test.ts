import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { StateFollower } from '../../src/cli/replay/state-follower.ts';
import type { FollowedStates } from '../../src/cli/replay/state-follower.ts';
import { FlightRecorder } from '../../src/recorder/index.ts';
import { liveManager, nextEvent } from '../kit/live-manager.ts';
import { recordedShard, recordingDirectory } from '../recorder/kit/recorded-incident.ts';
import { runCli } from './run-cli.ts';

const LIMIT_MS = 120_000;
const SPEED = ['--speed', '20'];

/** A recording with a cut, op 7, op 9 and a shard that is stopped at the end. */
async function recording(): Promise<string> {
  const directory = await recordingDirectory();
  const kit = await recordedShard(directory);
  const packets = [
    { op: 7, d: null, s: null, t: null },
    { op: 9, d: false, s: null, t: null },
  ];
  for (const packet of packets) {
    await kit.clock.advanceAsync(5_000);
    kit.socket().receive(packet);
    await kit.clock.advanceAsync(15_000);
  }
  kit.socket().end(1006);
  await kit.clock.advanceAsync(10_000);
  const stopped = kit.shard.disconnect();
  await kit.clock.advanceAsync(1_000);
  await stopped;
  await kit.recorder.close();
  return directory;
}

/** A manager with three shards, of which one is cut, and one is stopped and connected again; then it stops. */
async function managerRecording(): Promise<string> {
  const directory = await recordingDirectory();
  const recorder = new FlightRecorder({ directory });
  {
    await using kit = await liveManager({ inspect: recorder, shards: 3 });
    await kit.manager.connect();
    const resumed = nextEvent(kit.manager, 'resumed');
    kit.gateway.connections.find(({ shard }) => shard?.[0] === 1)!.terminate();
    await resumed;
    await kit.manager.shards.get(2)!.disconnect();
    await kit.manager.shards.get(2)!.connect();
  }
  await recorder.close();
  return directory;
}

const followed = (states: readonly string[], fields: Partial<FollowedStates> = {}): FollowedStates => ({
  noun: 'shard',
  beginsAt: null,
  ...fields,
  states: states.slice(1).map((to, index) => ({ afterMs: index * 1_000, from: states[index]!, to })),
});
const pass = (follower: StateFollower, states: readonly string[]): void => {
  for (const [index, to] of states.slice(1).entries()) follower.changed({ from: states[index]!, to });
};
const FAILED = ['connecting', 'reconnecting'];

describe('shardwright replay', () => {
  test('says that this version passes the same states', { timeout: LIMIT_MS }, async () => {
    const { code, stdout, stderr } = await runCli(['replay', await recording(), ...SPEED]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^shard 0: the same \d\d changes of state\n$/);
  });

  test('names the first difference to a recording of another shard', { timeout: LIMIT_MS }, async () => {
    const directory = await recording();
    const [name = ''] = await readdir(directory);
    const other = join(await recordingDirectory(), 'other.ndjson');
    const text = gunzipSync(await readFile(join(directory, name))).toString();
    // As if the recorded shard had started a new session after op 7.
    await writeFile(other, text.replaceAll('"resuming"', '"identifying"'));
    const { code, stdout } = await runCli(['replay', other, ...SPEED, '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      isSame: false,
      shards: [
        {
          shardId: 0,
          difference: {
            change: 6,
            recorded: { from: 'connecting', to: 'identifying' },
            replayed: { from: 'connecting', to: 'resuming' },
          },
        },
      ],
    });
  });

  test('runs a manager if the recorded shards had one', { timeout: LIMIT_MS }, async () => {
    const { code, stdout, stderr } = await runCli(['replay', await managerRecording(), '--speed', '2']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(
      /^manager: the same 4 changes of state\n(?:shard [012]: the same \d+ changes of state\n){3}$/,
    );
  });

  test('names the first difference to another manager', { timeout: LIMIT_MS }, async () => {
    const directory = await managerRecording();
    const [name = ''] = await readdir(directory);
    const other = join(await recordingDirectory(), 'other.ndjson');
    const text = gunzipSync(await readFile(join(directory, name))).toString();
    // As if the recorded manager had been restarted before it stopped.
    await writeFile(other, text.replaceAll('"from":"running","to":"draining"', '"from":"running","to":"failed"'));
    const { code, stdout } = await runCli(['replay', other, '--speed', '20', '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      isSame: false,
      manager: { difference: { change: 3, recorded: { from: 'running', to: 'failed' }, replayed: null } },
    });
  });

  test('ends with 1 without a recording, and with 2 for a wrong speed', async () => {
    const missing = await runCli(['replay', join(await recordingDirectory(), 'missing')]);
    expect(missing.code).toBe(1);
    expect(missing.stderr).toContain('no recording can be read');
    expect((await runCli(['replay', 'x', '--speed', '0'])).code).toBe(2);
  });
});

describe('The comparison of states', () => {
  test('takes any number of failed attempts as the same', () => {
    const follower = new StateFollower(
      followed(['ready', 'reconnecting', ...FAILED, ...FAILED, 'connecting', 'resuming', 'ready']),
    );
    pass(follower, ['ready', 'reconnecting', ...FAILED, 'connecting', 'resuming', 'ready']);
    expect(follower).toMatchObject({ isOver: true, difference: null });
  });

  test('begins at ready if the recording does', () => {
    const follower = new StateFollower(followed(['ready', 'reconnecting', 'connecting'], { beginsAt: 'ready' }));
    expect(follower.userStep).toEqual({ method: 'connect', change: 0, afterMs: 0, delayMs: 0 });
    pass(follower, ['disconnected', 'connecting', 'identifying', 'ready', 'reconnecting', 'connecting']);
    expect(follower).toMatchObject({ isOver: true, difference: null });
  });

  test('says where a shard stayed that should have gone on', () => {
    const follower = new StateFollower(followed(['disconnected', 'connecting', 'identifying', 'ready']));
    pass(follower, ['disconnected', 'connecting', 'identifying']);
    follower.ended();
    expect(follower.difference?.text).toBe(
      'change 3 of 3, 2.0 s after the recording began: the recorded shard went from identifying to ready, and this version stayed in identifying',
    );
  });

  test('repeats what the user did', () => {
    const follower = new StateFollower(followed(['disconnected', 'connecting', 'disconnecting', 'disconnected']));
    pass(follower, ['disconnected', 'connecting']);
    expect(follower.userStep).toEqual({ method: 'disconnect', change: 2, afterMs: 1_000, delayMs: 1_000 });
  });

  test('repeats what the user did with a manager, but not what the manager did', () => {
    const manager = new StateFollower(
      followed(['stopped', 'starting', 'running', 'starting', 'draining', 'failed'], { noun: 'manager' }),
    );
    const steps = ['stopped', 'starting', 'running', 'starting'].map((from, index, states) => {
      const step = manager.userStep?.method ?? null;
      const to = states[index + 1];
      if (to !== undefined) manager.changed({ from, to });
      return step;
    });
    expect(steps).toEqual(['connect', null, 'connect', null]);
  });

  test('knows whether everything before a time was seen', () => {
    const follower = new StateFollower(followed(['disconnected', 'connecting', 'identifying', 'ready']));
    pass(follower, ['disconnected', 'connecting']);
    expect([follower.lastBefore(500), follower.lastBefore(1_500)]).toEqual([0, null]);
    pass(follower, ['connecting', 'identifying']);
    expect(follower.lastBefore(1_500)).toBe(1_000);
  });
});
