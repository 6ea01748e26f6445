/** Makes records for tests of the reader and of `explain`. */
import { FORMAT, VERSION } from '../../../src/recorder/format/index.ts';
import type { RecordOf, RecordingHeader } from '../../../src/recorder/format/index.ts';

export const headerOf = (fields: Partial<RecordingHeader> & { at: number; run: string }): RecordingHeader => ({
  kind: 'header',
  shard: null,
  format: FORMAT,
  version: VERSION,
  segment: 1,
  process: { pid: 11, startedAt: fields.at, node: 'v24.0.0', platform: 'linux', arch: 'x64', shardwright: '0.1.0' },
  isRedacted: true,
  managerState: null,
  shards: [],
  ...fields,
});

export const stateRecord = (at: number, from: string, to: string, shard = 0): RecordOf<'state'> => ({
  kind: 'state',
  at,
  shard,
  from,
  to,
});
