/**
 * The names of segments: `shardwright-20261128T231516123Z-4711-000003.ndjson`. They sort by the start of the process,
 * then by pid, then by number.
 */

/** A segment of one run of a process. */
export interface SegmentName {
  /** When the recorder was created, its pid, and a letter per recorder of the process: the same for all its segments. */
  readonly run: string;
  readonly number: number;
  readonly isCompressed: boolean;
}

const NAME = /^shardwright-(\d{8}T\d{9}Z-\d{1,10}(?:-[0-9a-f]{4})?)-(\d{6,12})\.ndjson(\.gz)?$/;

/** Returns the run that begins at this time; `salt` is four hex digits that tell recorders of one process apart. */
export const runOf = (startedAt: number, pid: number, salt: string): string =>
  `${new Date(startedAt).toISOString().replaceAll(/[-:.]/g, '')}-${pid}-${salt}`;

/** Returns the name of a segment that is not compressed. */
export const segmentName = (run: string, number: number): string =>
  `shardwright-${run}-${String(number).padStart(6, '0')}.ndjson`;

/** Returns `null` for a file that is not a segment. */
export function parseSegmentName(fileName: string): SegmentName | null {
  const [, run, number, gz] = NAME.exec(fileName) ?? [];
  return run === undefined ? null : { run, number: Number(number), isCompressed: gz !== undefined };
}
