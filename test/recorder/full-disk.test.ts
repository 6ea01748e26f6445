import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { FlightRecorder } from '../../src/recorder/index.ts';
import { diskFiles } from '../../src/recorder/recording-files.ts';
import type { RecordingFiles } from '../../src/recorder/recording-files.ts';
import { virtualShard } from '../kit/virtual-shard.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { ofKind, recordsIn } from './kit/recording.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'shardwright-disk-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** Collects the warnings of the recorder. */
function recorderWarnings(): string[] {
  const warnings: string[] = [];
  const listener = ({ name, message }: Error): void => {
    if (name === 'ShardwrightRecorderWarning') warnings.push(message);
  };
  process.on('warning', listener);
  onTestFinished(() => void process.off('warning', listener));
  return warnings;
}

/** A disk that can be full: a write then fails after a part of its bytes, as ENOSPC does. */
function limitedDisk() {
  let isFull = false;
  const files: RecordingFiles = {
    ...diskFiles,
    async write(path, bytes, position) {
      if (!isFull) return diskFiles.write(path, bytes, position);
      await diskFiles.write(path, bytes.subarray(0, Math.floor(bytes.length / 2)), position);
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    },
  };
  return { files, fill: () => void (isFull = true), free: () => void (isFull = false) };
}

/** Lets virtual time pass while the recorder writes. */
async function pass(clock: VirtualClock, recorder: FlightRecorder, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 250) {
    await clock.advanceAsync(250);
    await recorder.flush();
  }
}

async function recordedShard(files: RecordingFiles, maxBytes?: number) {
  const clock = new VirtualClock();
  const recorder = new FlightRecorder(
    { directory, clock, ...(maxBytes === undefined ? {} : { maxBytes }) },
    { files, cpuTime: () => 0 },
  );
  onTestFinished(() => recorder.close());
  const kit = virtualShard({ inspect: recorder }, clock);
  const connected = kit.shard.connect();
  await clock.advanceAsync(100);
  await connected;
  return { ...kit, recorder };
}

describe('A recorder whose disk', () => {
  test('is full warns once, and the shard goes on', async () => {
    const warnings = recorderWarnings();
    const disk = limitedDisk();
    const { clock, recorder, shard } = await recordedShard(disk.files);
    await recorder.flush();
    disk.fill();
    await pass(clock, recorder, 120_000);
    expect(shard.state).toBe('ready');
    expect(warnings).toEqual([
      "the recording can't be written, the shards go on: ENOSPC: no space left on device, write",
    ]);
  });

  test('has room again writes what waited, without a damaged line', async () => {
    const disk = limitedDisk();
    const { clock, recorder } = await recordedShard(disk.files);
    await recorder.flush();
    disk.fill();
    await pass(clock, recorder, 90_000);
    disk.free();
    await pass(clock, recorder, 60_000);
    const problems: never[] = [];
    const records = await recordsIn(directory, problems);
    expect(problems).toEqual([]);
    expect(ofKind(records, 'dropped')).toEqual([]);
    // A heartbeat each 41.25 s, without a gap.
    expect(ofKind(records, 'heartbeat').length).toBeGreaterThanOrEqual(3);
  });

  test('is full for long drops records, and says later how many', async () => {
    const disk = limitedDisk();
    const { clock, recorder, gateway, shard } = await recordedShard(disk.files);
    disk.fill();
    await pass(clock, recorder, 1_000);
    for (let index = 0; index < 20_000; index += 1)
      gateway.sockets.at(-1)!.receive({ op: 11, d: null, s: null, t: null });
    await pass(clock, recorder, 1_000);
    expect(shard.state).toBe('ready');
    disk.free();
    await pass(clock, recorder, 60_000);
    const [dropped] = ofKind(await recordsIn(directory), 'dropped');
    expect(dropped).toMatchObject({ reason: 'ENOSPC: no space left on device, write' });
    expect(dropped!.records).toBeGreaterThan(1_000);
  });

  test('is gone begins a segment in a new directory, which can be read alone', async () => {
    const warnings = recorderWarnings();
    const { clock, recorder } = await recordedShard(diskFiles);
    await recorder.flush();
    const [first = ''] = await readdir(directory);
    await rm(directory, { recursive: true });
    await pass(clock, recorder, 60_000);
    const [second = ''] = await readdir(directory);
    expect(second).not.toBe(first);
    const records = await recordsIn(directory);
    expect(records[0]).toMatchObject({ kind: 'header', segment: 2, shards: [{ shard: 0, state: 'ready' }] });
    expect(ofKind(records, 'heartbeat').length).toBeGreaterThanOrEqual(1);
    expect(warnings).toHaveLength(1);
  });

  test('can not be used at all warns once, and the shard goes on', async () => {
    const warnings = recorderWarnings();
    const refusing: RecordingFiles = {
      ...diskFiles,
      create: () => Promise.reject(Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' })),
      writeSync: () => {
        throw new Error('EACCES');
      },
    };
    const { clock, recorder, shard } = await recordedShard(refusing);
    await pass(clock, recorder, 60_000);
    const stopped = shard.disconnect();
    await clock.advanceAsync(1_000);
    await stopped;
    await recorder.close();
    expect(warnings).toEqual(["the recording can't be written, the shards go on: EACCES: permission denied"]);
    expect(await readdir(directory)).toEqual([]);
  });
});

describe('The size of a recording', () => {
  test('stays within maxBytes: complete segments are compressed, and the oldest are deleted', async () => {
    const maxBytes = 256 * 1024;
    const { clock, recorder, gateway } = await recordedShard(diskFiles, maxBytes);
    // What is written must not be all the same: it would be compressed to nothing.
    const random = new SeededRandom(7);
    let largest = 0;
    for (let round = 0; round < 25; round += 1) {
      for (let index = 0; index < 2_000; index += 1)
        gateway.sockets
          .at(-1)!
          .receive({ op: random.int(100, 9_999), d: 'x'.repeat(random.int(0, 999)), s: null, t: null });
      await pass(clock, recorder, 250);
      const sizes = await Promise.all(
        (await readdir(directory)).map(
          async (name) => (await stat(join(directory, name)).catch(() => ({ size: 0 }))).size,
        ),
      );
      largest = Math.max(
        largest,
        sizes.reduce((sum, size) => sum + size, 0),
      );
    }
    expect(largest).toBeLessThanOrEqual(maxBytes);
    await recorder.close();
    const names = (await readdir(directory)).toSorted();
    expect(names.every((name) => name.endsWith('.ndjson.gz'))).toBe(true);
    expect(basename(names[0] ?? '')).not.toContain('-000001.');
    expect((await recordsIn(directory))[0]).toMatchObject({ kind: 'header', shards: [{ state: 'ready' }] });
  });
});
