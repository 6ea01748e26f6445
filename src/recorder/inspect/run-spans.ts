/** The runs of a recording, each with its first and its last record. */
import type { RecordedLine } from '../format/index.ts';

export interface RunSpan {
  readonly from: number;
  to: number;
}

/** Yields all lines again, and notes the span of each run in `spans`. */
export async function* noteRuns(
  lines: AsyncIterable<RecordedLine>,
  spans: Map<string, RunSpan>,
): AsyncGenerator<RecordedLine> {
  for await (const line of lines) {
    const { at } = line.record;
    const span = spans.get(line.run);
    if (span === undefined) spans.set(line.run, { from: at, to: at });
    else span.to = Math.max(span.to, at);
    yield line;
  }
}
