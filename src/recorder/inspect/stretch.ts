/**
 * A stretch of a recording as a file that is a recording again. It has the records between two times, and before those
 * of each run the header and the newest states that say what was true at its beginning. All of them are records of the
 * recording.
 */
import { lineOf } from '../format/index.ts';
import type { RecordedLine, RecordingRecord } from '../format/index.ts';

/** More could not be held in memory by a page. */
const MAX_STRETCH_BYTES = 64 * 1_024 * 1_024;

/** Resolves with the lines, or with `null` if there are too many. */
export async function stretchOf(lines: AsyncIterable<RecordedLine>, from: number, to: number): Promise<string | null> {
  const runs = new Map<string, RunStretch>();
  let bytes = 0;
  for await (const { run, record } of lines) {
    if (record.at > to) break;
    let stretch = runs.get(run);
    if (stretch === undefined) {
      stretch = new RunStretch();
      runs.set(run, stretch);
    }
    if (record.at < from) stretch.before(record);
    else bytes += stretch.add(record);
    if (bytes > MAX_STRETCH_BYTES) return null;
  }
  return [...runs.values()].map((run) => run.text).join('');
}

class RunStretch {
  #header = '';
  readonly #states = new Map<string, RecordingRecord>();
  readonly #lines: string[] = [];

  before(record: RecordingRecord): void {
    if (record.kind === 'header') {
      this.#header = lineOf(record);
      this.#states.clear();
    } else if (record.kind === 'state' || record.kind === 'shard' || (record.kind === 'step' && record.active !== null))
      this.#states.set(`${record.shard} ${record.kind}`, record);
    else if (record.kind === 'shardRemoved')
      for (const kind of ['state', 'shard', 'step']) this.#states.delete(`${record.shard} ${kind}`);
  }

  /** Returns the size of what it has added. */
  add(record: RecordingRecord): number {
    const line = lineOf(record);
    this.#lines.push(line);
    return line.length;
  }

  /** Empty without a record in the stretch. */
  get text(): string {
    if (this.#lines.length === 0) return '';
    const states = [...this.#states.values()].toSorted((a, b) => a.at - b.at).map(lineOf);
    return [this.#header, ...states, ...this.#lines].join('');
  }
}
