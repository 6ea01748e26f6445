/** Finds the segments of a recording: of one file, or of all runs in a directory. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseSegmentName } from './segment-name.ts';
import type { SegmentName } from './segment-name.ts';

export interface SegmentFile extends SegmentName {
  readonly path: string;
}

/**
 * Resolves with the segments of a directory, in the order of their writing. Both forms of a segment are there if the
 * process was killed after it compressed one; the compressed one is whole, because it is renamed when it is complete.
 */
export async function segmentsOf(directory: string): Promise<SegmentFile[]> {
  const byKey = new Map<string, SegmentFile>();
  for (const fileName of await readdir(directory)) {
    const name = parseSegmentName(fileName);
    if (name === null) continue;
    const key = `${name.run} ${name.number}`;
    if (byKey.get(key)?.isCompressed !== true) byKey.set(key, { ...name, path: join(directory, fileName) });
  }
  return [...byKey.values()].toSorted((a, b) => (a.run === b.run ? a.number - b.number : a.run < b.run ? -1 : 1));
}

/** Resolves with the files to read, a list for each run. A file is read whatever its name is. */
export async function runFilesAt(path: string): Promise<string[][]> {
  if (!(await stat(path)).isDirectory()) return [[path]];
  const runs = new Map<string, string[]>();
  for (const { run, path: file } of await segmentsOf(path)) {
    const files = runs.get(run);
    if (files === undefined) runs.set(run, [file]);
    else files.push(file);
  }
  return [...runs.values()];
}
