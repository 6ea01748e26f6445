/** Writes a recording line by line, also one that no recorder would write. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { recordingDirectory } from './recorded-incident.ts';
import { headerOf } from './records.ts';

/** Resolves with the path of a recording of `shards` shards with these records; `at` counts from 0. */
export async function writtenRecording(records: readonly object[], shards = 1): Promise<string> {
  const path = join(await recordingDirectory(), 'recording.ndjson');
  const observed = Array.from({ length: shards }, (_, shard) => ({
    kind: 'shard',
    at: 0,
    shard,
    shardCount: shards,
    state: 'disconnected',
  }));
  const lines = [headerOf({ at: 0, run: 'run' }), ...observed, ...records];
  await writeFile(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  return path;
}

const frame = (shard: number, at: number, direction: 'in' | 'out', op: number, more: object = {}): object => ({
  kind: 'frame',
  at,
  shard,
  direction,
  op,
  bytes: 30,
  ...more,
});

/** The records of a connection up to READY or RESUMED, which takes 30 ms. */
export const connected = (
  at: number,
  { shard = 0, resumes = false, intervalMs = 41_250 }: { shard?: number; resumes?: boolean; intervalMs?: number } = {},
): object[] => [
  { kind: 'state', at, shard, from: resumes ? 'reconnecting' : 'disconnected', to: 'connecting' },
  { kind: 'connected', at: at + 10, shard },
  frame(shard, at + 12, 'in', 10),
  { kind: 'hello', at: at + 12, shard, heartbeatIntervalMs: intervalMs },
  { kind: 'state', at: at + 12, shard, from: 'connecting', to: resumes ? 'resuming' : 'identifying' },
  frame(shard, at + 15, 'out', resumes ? 6 : 2),
  frame(shard, at + 30, 'in', 0, { t: resumes ? 'RESUMED' : 'READY', s: 1 }),
  { kind: 'state', at: at + 30, shard, from: resumes ? 'resuming' : 'identifying', to: 'ready' },
];

/** The end of a connection. */
export const lost = (at: number, initiator: 'gateway' | 'shard' | 'transport', code: number | null, shard = 0) => [
  { kind: 'state', at, shard, from: 'ready', to: 'reconnecting' },
  { kind: 'disconnected', at, shard, code, reason: 'x', initiator, willReconnect: true, willResume: true },
];
