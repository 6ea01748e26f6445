/** Medians, quartiles, and ratios within a round. */

export interface Summary {
  readonly median: number;
  /** The lower quartile. */
  readonly low: number;
  /** The upper quartile. */
  readonly high: number;
  readonly count: number;
}

/** Returns a quantile, interpolated between the two nearest values; `NaN` without values. */
export function quantile(values: Iterable<number>, q: number): number {
  const sorted = Float64Array.from(values).toSorted();
  const place = (sorted.length - 1) * q;
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  const above = sorted[Math.ceil(place)] ?? Number.NaN;
  return below + (above - below) * (place - Math.floor(place));
}

export const summarize = (values: readonly number[]): Summary => ({
  median: quantile(values, 0.5),
  low: quantile(values, 0.25),
  high: quantile(values, 0.75),
  count: values.length,
});

/** Returns how far the quartiles are apart, as a part of the median; 0 for fewer than three values. */
export function spreadOf(values: readonly number[]): number {
  const { median, low, high, count } = summarize(values);
  return count < 3 ? 0 : (high - low) / median;
}

/** The measured value of each round. */
export type ByRound = ReadonlyMap<number, number>;

/** Returns each value divided by the base of the same round. Rounds without both are skipped. */
export const ratios = (values: ByRound, bases: ByRound): number[] =>
  [...values].flatMap(([round, value]) => {
    const base = bases.get(round);
    return base === undefined || base === 0 ? [] : [value / base];
  });

/** Returns the difference of each value to the next. */
export const gaps = (values: readonly number[]): number[] =>
  values.slice(1).map((value, index) => value - (values[index] ?? value));
