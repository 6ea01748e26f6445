/** Reads figures from all runs: the middle of the runs, and their range. One run proves nothing about other machines. */
import { isTooNoisy } from './results.ts';
import type { Run, StoredFigure } from './results.ts';
import { quantile } from './statistics.ts';

export interface Range {
  /** The median of the runs. */
  readonly middle: number;
  readonly low: number;
  readonly high: number;
  readonly runs: number;
}

/** What a table shows of a figure; `null` if no run has measured it. */
export type Cell = Range | 'noisy' | null;

/** Returns the range of some values; `null` if there are none. */
export const rangeOf = (values: readonly number[]): Range | null =>
  values.length === 0
    ? null
    : { middle: quantile(values, 0.5), low: Math.min(...values), high: Math.max(...values), runs: values.length };

export class Ranges {
  readonly runs: readonly Run[];

  constructor(runs: readonly Run[]) {
    this.runs = runs;
  }

  /** Returns the range of the medians of a figure. Runs in which it was too noisy don't count. */
  of(id: string, metric: string): Cell {
    const cases = this.runs.flatMap((run) => run.cases.filter((item) => item.id === id && metric in item.figures));
    const quiet = cases.filter((item) => !isTooNoisy(item, metric));
    if (cases.length > 0 && quiet.length === 0) return 'noisy';
    return rangeOf(quiet.map(({ figures }) => (figures[metric] as StoredFigure)[0]));
  }

  /** Returns the range of what one case uses more than another in the same run, times `scale`. */
  excess(id: string, base: string, metric: string, scale: number): Cell {
    return this.#compared(id, base, metric, (value, other) => (value - other) * scale);
  }

  /** Returns the same in % of what the other case uses itself. */
  excessPercent(id: string, base: string, metric: string): Cell {
    return this.#compared(id, base, metric, (value, other) => (value / other - 1) * 100);
  }

  #compared(id: string, base: string, metric: string, compare: (value: number, other: number) => number): Cell {
    return rangeOf(
      this.runs.flatMap((run) => {
        const [value, other] = [id, base].map(
          (wanted) => run.cases.find((item) => item.id === wanted)?.figures[metric]?.[0],
        );
        return value === undefined || other === undefined ? [] : [compare(value, other)];
      }),
    );
  }

  /** Returns the range over several cases, such as those of all mixes. */
  over(ids: readonly string[], metric: string): Cell {
    const cells = ids.map((id) => this.of(id, metric)).filter((cell) => cell !== null && cell !== 'noisy');
    if (cells.length === 0) return ids.some((id) => this.of(id, metric) === 'noisy') ? 'noisy' : null;
    return {
      middle: quantile(
        cells.map(({ middle }) => middle),
        0.5,
      ),
      low: Math.min(...cells.map(({ low }) => low)),
      high: Math.max(...cells.map(({ high }) => high)),
      runs: Math.max(...cells.map(({ runs }) => runs)),
    };
  }

  /** In how many runs the ratio of a case to its floor was too noisy. */
  noisyRuns(id: string): number {
    return this.runs.filter((run) => run.cases.some((item) => item.id === id && isTooNoisy(item, 'overFloor'))).length;
  }
}
