/** Plays incidents on a virtual clock, records them, and explains the recording. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { VirtualClock } from '../../../src/testing/virtual-clock.ts';
import { FlightRecorder, readRecording } from '../../../src/recorder/index.ts';
import type { FlightRecorderPorts } from '../../../src/recorder/flight-recorder.ts';
import { explain } from '../../../src/recorder/explain/explain.ts';
import type { ExplainOptions } from '../../../src/recorder/explain/explain.ts';
import type { Story } from '../../../src/recorder/explain/story.ts';
import type { ShardOptions } from '../../../src/index.ts';
import { virtualShard } from '../../kit/virtual-shard.ts';

export async function recordingDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'shardwright-incident-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** Resolves with the story of a recording. */
export const storyOf = (path: string, options: Partial<ExplainOptions> = {}): Promise<Story> =>
  explain(readRecording(path), { now: 0, ...options });

/** A recorded shard on a virtual clock, which is ready unless `connect` is false. */
export async function recordedShard(
  directory: string,
  options: Partial<ShardOptions> = {},
  { clock = new VirtualClock(), connect = true, ports = {} }: RecordedShardSetting = {},
) {
  const recorder = new FlightRecorder({ directory, clock }, { cpuTime: () => 0, ...ports });
  onTestFinished(() => recorder.close());
  const kit = virtualShard({ inspect: recorder, ...options }, clock);
  if (connect) {
    const connected = kit.shard.connect();
    await clock.advanceAsync(100);
    await connected;
  }
  return {
    ...kit,
    recorder,
    socket: () => kit.gateway.sockets.at(-1)!,
    /** Ends the recording, and resolves with its story. */
    async story(): Promise<Story> {
      await recorder.close();
      return storyOf(directory);
    },
  };
}

interface RecordedShardSetting {
  readonly clock?: VirtualClock;
  readonly connect?: boolean;
  readonly ports?: Partial<FlightRecorderPorts>;
}
