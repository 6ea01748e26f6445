/** Reads the recordings of tests. */
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { readRecording } from '../../../src/recorder/format/index.ts';
import type { RecordKind, RecordOf, RecordingProblem, RecordingRecord } from '../../../src/recorder/format/index.ts';

/** Resolves with all records of a recording. */
export async function recordsIn(path: string, problems: RecordingProblem[] = []): Promise<RecordingRecord[]> {
  const records: RecordingRecord[] = [];
  for await (const { record } of readRecording(path, { onProblem: (problem) => problems.push(problem) }))
    records.push(record);
  return records;
}

export const ofKind = <Kind extends RecordKind>(records: readonly RecordingRecord[], kind: Kind): RecordOf<Kind>[] =>
  records.filter((record): record is RecordOf<Kind> & RecordingRecord => record.kind === kind);

/** Resolves with every byte of a recording, inflated. */
export async function bytesIn(directory: string): Promise<string> {
  const files = await readdir(directory);
  const texts = await Promise.all(
    files.map(async (name) => {
      const bytes = await readFile(join(directory, name));
      return (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('latin1');
    }),
  );
  return [...files, ...texts].join('\n');
}
