/**
 * Reads a recording: every record in the order of time, of all processes that wrote into the directory. `explain`, the
 * inspector and the replay all read through this file.
 */
import { basename } from 'node:path';
import { GatewayError } from '../../protocol/errors.ts';
import { messageOf } from '../../protocol/network-errors.ts';
import { parseLine } from './lines.ts';
import { readLines } from './read-lines.ts';
import type { RecordingRecord } from './records.ts';
import { runFilesAt } from './segment-files.ts';

/** A record, and the run of a process that it belongs to. */
export interface RecordedLine {
  /** The same for all records of one recorder of one process. */
  readonly run: string;
  readonly record: RecordingRecord;
}

/** A part of a recording that could not be read. Everything else is. */
export interface RecordingProblem {
  readonly file: string;
  /** `torn`: the last line is cut off, as after a kill. `newer`: another version of shardwright wrote the file. */
  readonly kind: 'torn' | 'damaged' | 'newer';
  /** The number of lines that were left out. */
  readonly lines: number;
  readonly reason: string;
}

/** Options of {@link readRecording}. */
export interface ReadRecordingOptions {
  /**
   * Called for each part that could not be read.
   * @defaultValue such parts are left out in silence
   */
  onProblem?: (problem: RecordingProblem) => void;
}

/**
 * Yields the records of a file, or of all segments in a directory, in the order of time. The first record of each
 * segment is its `header`. What is cut off or damaged is left out.
 * @throws {@link GatewayError} `RECORDING_UNREADABLE` if there is no recording at the path
 */
export async function* readRecording(path: string, options: ReadRecordingOptions = {}): AsyncGenerator<RecordedLine> {
  let runs: string[][];
  try {
    runs = await runFilesAt(path);
  } catch (cause) {
    throw new GatewayError('RECORDING_UNREADABLE', `no recording can be read: ${messageOf(cause)}`, { cause });
  }
  let hasRecords = false;
  const problems: RecordingProblem[] = [];
  const onProblem = (problem: RecordingProblem): void => {
    problems.push(problem);
    options.onProblem?.(problem);
  };
  for await (const line of mergeByTime(runs.map((files) => readRun(files, onProblem)))) {
    hasRecords = true;
    yield line;
  }
  if (hasRecords) return;
  const reason = problems[0]?.reason ?? 'there is no segment of a recording';
  throw new GatewayError('RECORDING_UNREADABLE', `no recording can be read: ${reason}`);
}

async function* readRun(
  files: readonly string[],
  onProblem: (problem: RecordingProblem) => void,
): AsyncGenerator<RecordedLine> {
  for (const file of files) yield* readSegment(file, onProblem);
}

async function* readSegment(
  path: string,
  onProblem: (problem: RecordingProblem) => void,
): AsyncGenerator<RecordedLine> {
  const file = basename(path);
  let run: string | null = null;
  let damaged = 0;
  let isLastDamaged = false;
  try {
    for await (const line of readLines(path)) {
      if (line === '') continue;
      const record = parseLine(line);
      if (record === 'newer') {
        onProblem({ file, kind: 'newer', lines: 1, reason: `${file} was written by a newer version of shardwright` });
        return;
      }
      isLastDamaged = record === 'damaged';
      if (record === 'damaged') damaged += 1;
      if (typeof record === 'string') continue;
      if (record.kind === 'header') ({ run } = record);
      // Records before the first header say nothing about the shards they belong to.
      if (run === null) damaged += 1;
      else yield { run, record };
    }
  } catch (cause) {
    onProblem({ file, kind: 'damaged', lines: 0, reason: `${file} can't be read to its end: ${messageOf(cause)}` });
  }
  if (isLastDamaged && run !== null) {
    damaged -= 1;
    onProblem({ file, kind: 'torn', lines: 1, reason: `the last line of ${file} is cut off` });
  }
  if (damaged > 0)
    onProblem({ file, kind: 'damaged', lines: damaged, reason: `${file} has ${damaged} lines that are no records` });
}

interface OpenRun {
  readonly lines: AsyncGenerator<RecordedLine>;
  next: RecordedLine;
}

/** Merges runs, which the list has in the order of their start. A run is opened when its turn comes, so few are open. */
async function* mergeByTime(runs: readonly AsyncGenerator<RecordedLine>[]): AsyncGenerator<RecordedLine> {
  const waiting = runs.values();
  const openNext = async (): Promise<OpenRun | null> => {
    for (const lines of waiting) {
      const { done, value } = await lines.next();
      if (done !== true) return { lines, next: value };
    }
    return null;
  };
  const open: OpenRun[] = [];
  let upcoming = await openNext();
  try {
    for (;;) {
      while (upcoming !== null && startsFirst(upcoming, open)) {
        open.push(upcoming);
        upcoming = await openNext();
      }
      const first = open.toSorted((a, b) => a.next.record.at - b.next.record.at)[0];
      if (first === undefined) return;
      yield first.next;
      const { done, value } = await first.lines.next();
      if (done === true) open.splice(open.indexOf(first), 1);
      else first.next = value;
    }
  } finally {
    for (const { lines } of open) await lines.return(undefined);
    await upcoming?.lines.return(undefined);
  }
}

const startsFirst = ({ next }: OpenRun, open: readonly OpenRun[]): boolean =>
  open.every((other) => next.record.at <= other.next.record.at);
