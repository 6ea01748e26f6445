/** What one run measured, as it is stored, and how it is made from the samples. */
import { RATIO_NAMES } from './clients.ts';
import type { Machine } from './machine.ts';
import type { Sample } from './scenarios/scenario.ts';
import { summarize } from './statistics.ts';
import type { Summary } from './statistics.ts';

export interface CaseResult {
  /** `kind/client`, as `--list` prints it. */
  readonly id: string;
  /** Why the case was not measured, or not to its end. */
  readonly problem: string | null;
  /** Whether the warm-up was long enough. Default true. */
  readonly isWarm?: boolean;
  readonly samples: readonly { readonly round: number; readonly values: Sample }[];
}

/** A figure is `null` when it was not measured. */
export type Figure = Summary | null;

/** The median, the quartiles, and the number of values. */
export type StoredFigure = readonly [median: number, low: number, high: number, count: number];

export interface RecordedCase {
  readonly id: string;
  readonly problem: string | null;
  readonly isWarm: boolean;
  /** By name. The name ends in the unit; ratios have none. */
  readonly figures: Readonly<Record<string, StoredFigure>>;
}

/** A run of the bench. */
export interface Run {
  readonly machine: Machine;
  /** When it began, in UTC: `08:42`. */
  readonly time: string;
  /** The commit that was measured; `null` without git. */
  readonly commit: string | null;
  /** The load average of the minute before the run ended. */
  readonly loadAfter: number;
  /** `null` where instructions were counted, or why not. */
  readonly instructions: string | null;
  readonly cases: readonly RecordedCase[];
}

/** Quartiles that are further apart than this part of the median are too noisy. */
export const MAX_SPREAD = 0.1;
const MIN_ROUNDS = 3;
/** The figures of a backlog that a result is made from; the rest only describes it. */
const COSTS: ReadonlySet<string> = new Set(['cpuUs', 'wallUs', ...RATIO_NAMES]);

/** Returns whether a figure varies too much to say anything. Only a backlog has enough rounds to know. */
export function isTooNoisy({ id, isWarm, figures }: RecordedCase, metric: string): boolean {
  const [median, low, high, count] = figures[metric] ?? [0, 0, 0, 0];
  if (!id.startsWith('backlog') || !COSTS.has(metric) || count < MIN_ROUNDS) return false;
  return !isWarm || (high - low) / median > MAX_SPREAD;
}

const stored = (values: readonly number[]): StoredFigure => {
  const { median, low, high, count } = summarize(values);
  return [median, low, high, count];
};

/** Returns the figures of all cases. */
export function recorded(results: readonly CaseResult[]): RecordedCase[] {
  return results.map(({ id, problem, isWarm, samples }) => {
    const metrics = new Set(samples.flatMap(({ values }) => Object.keys(values)));
    const valuesOf = (metric: string): number[] => samples.flatMap(({ values }) => values[metric] ?? []);
    return {
      id,
      problem,
      isWarm: isWarm !== false,
      figures: Object.fromEntries([...metrics].map((metric) => [metric, stored(valuesOf(metric))])),
    };
  });
}

const DIGITS = 4;

/** Returns the results with figures of four digits, which is enough and keeps the file readable. */
export const toJson = (results: object): string =>
  `${JSON.stringify(results, (_key, value: unknown) => (typeof value === 'number' ? Number(value.toPrecision(DIGITS)) : value), 1)}\n`;
