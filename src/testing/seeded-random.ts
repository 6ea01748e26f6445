/**
 * Random numbers that a seed repeats: the same seed gives the same sequence on every machine. Give each purpose a
 * generator with its own seed, so that a draw for one purpose does not change the draws for another.
 */
export class SeededRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** Returns a number in [0, 1), by mulberry32. Bound, so that it can replace `Math.random`. */
  readonly next = (): number => {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };

  /** Returns an integer in [0, limit). */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  /** Returns an integer in [min, max]. */
  int(min: number, max: number): number {
    return min + this.below(max - min + 1);
  }

  /** Returns `true` with this probability. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** Returns one of the values. @throws RangeError when there are no values */
  pick<T>(values: readonly T[]): T {
    const index = this.below(values.length);
    if (index >= values.length) throw new RangeError('there are no values to pick from');
    return values[index] as T;
  }

  /** Returns a key, chosen in proportion to its weight. */
  weighted<Name extends string>(weights: Readonly<Record<Name, number>>): Name {
    const entries = Object.entries<number>(weights) as [Name, number][];
    let rest = this.next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [name, weight] of entries) {
      rest -= weight;
      if (rest < 0) return name;
    }
    // Rounding can leave a rest of 0.
    const [first] = entries;
    if (first === undefined) throw new RangeError('there are no weights to pick from');
    return first[0];
  }

  shuffled<T>(values: readonly T[]): T[] {
    return values
      .map((value) => ({ value, rank: this.next() }))
      .toSorted((a, b) => a.rank - b.rank)
      .map(({ value }) => value);
  }

  /** Returns a number from the exponential distribution: mostly below the mean, sometimes several times the mean. */
  exponential(mean: number): number {
    return -Math.log(1 - this.next()) * mean;
  }

  /** Returns an integer in [min, max], with every order of magnitude equally likely. */
  magnitude(min: number, max: number): number {
    return Math.round(min * (max / min) ** this.next());
  }
}

/** Returns the generator for one purpose: each pair of seed and name has its own sequence. */
export function randomFor(seed: number, name: string): SeededRandom {
  let hash = 0x811c9dc5 ^ Math.imul(seed, 0x9e3779b1);
  for (let i = 0; i < name.length; i += 1) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  hash ^= hash >>> 16;
  return new SeededRandom(Math.imul(hash, 0x85ebca6b) ^ (hash >>> 13));
}
