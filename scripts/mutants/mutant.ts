/** A mutant is one small fault in one module, which a test should notice. */

/** A fault in the exports of a module. */
export interface Mutant<Exports> {
  /** What is mutated, and how. The same in every run. */
  readonly id: string;
  /** Returns the exports that differ. */
  readonly apply: (original: Exports) => Partial<Exports>;
}

/** The id of a mutant, and its file. */
export interface MutantRef {
  readonly id: string;
  /** The path from the root of the repository. */
  readonly file: string;
}

export type Verdict = 'killed' | 'timeout' | 'survived';

export interface Result extends MutantRef {
  readonly verdict: Verdict;
  /** The suite or test that noticed the mutant. */
  readonly killedBy: string | null;
}

/** Returns all values except this one. */
export const othersThan = <T>(value: T, all: readonly T[]): T[] => all.filter((each) => each !== value);
