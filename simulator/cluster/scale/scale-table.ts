/** The table that `npm run sim -- --cluster --shards N --nodes M` prints: virtual times of clusters of several sizes. */
import { runScale } from './scale-run.ts';
import type { ScaleOptions } from './scale-run.ts';

/** As by default. */
const LEASE_TTL_MS = 12_000;
const MAX_MOVES_PER_SECOND = 4;
const MS_PER_SECOND = 1_000;

export interface ScaleTableOptions {
  readonly seed: number;
  readonly sizes: readonly Pick<ScaleOptions, 'shards' | 'nodes'>[];
  readonly maxConcurrency: number;
  readonly write: (line: string) => void;
}

const COLUMNS = [
  'shards',
  'nodes',
  '`max_concurrency`',
  'start',
  'roll-out',
  'loss of a quarter',
  'IDENTIFYs after the start',
];

const count = (value: number): string => value.toLocaleString('en-US');
const seconds = (ms: number): string => `${count(Math.round(ms / MS_PER_SECOND))} s`;

/** Writes a row as soon as it is known: a large cluster takes minutes. */
export async function printScale({ seed, sizes, maxConcurrency, write }: ScaleTableOptions): Promise<void> {
  const line = (cells: readonly string[]): void => write(`| ${cells.join(' | ')} |`);
  line(COLUMNS);
  line(COLUMNS.map(() => '---:'));
  for (const size of sizes) {
    const { startMs, rollOutMs, lossMs, laterIdentifies } = await runScale({
      ...size,
      seed,
      maxConcurrency,
      maxMovesPerSecond: MAX_MOVES_PER_SECOND,
      leaseTtlMs: LEASE_TTL_MS,
    });
    const times = [startMs, rollOutMs, lossMs].map(seconds);
    line([count(size.shards), count(size.nodes), count(maxConcurrency), ...times, count(laterIdentifies)]);
  }
}
