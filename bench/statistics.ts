/** Medians and quartiles, and ratios within a round. */
export interface Summary {
  readonly median: number;
  /** The quartiles. */
  readonly low: number;
  readonly high: number;
  readonly count: number;
}

/** Between the two nearest values, in proportion; `NaN` of nothing. */
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

/** A value for each round in which it was measured. */
export type ByRound = ReadonlyMap<number, number>;

/** Each value over the one of the same round; rounds that lack one are left out. */
export const ratios = (values: ByRound, bases: ByRound): number[] =>
  [...values].flatMap(([round, value]) => {
    const base = bases.get(round);
    return base === undefined || base === 0 ? [] : [value / base];
  });

/** From each to the next. */
export const gaps = (values: readonly number[]): number[] =>
  values.slice(1).map((value, index) => value - (values[index] ?? value));
