/** What a mutant is: one small fault in one module, which some test ought to notice. */

/** A fault in what a module exports. */
export interface Mutant<Exports> {
  /** Readable, and the same from run to run: what is mutated, then how. */
  readonly id: string;
  /** Gives back the exports that differ. */
  readonly apply: (original: Exports) => Partial<Exports>;
}

/** Where a mutant is, for those who only list and run it. */
export interface MutantRef {
  readonly id: string;
  /** From the repository's root. */
  readonly file: string;
}

export type Verdict = 'killed' | 'timeout' | 'survived';

export interface Result extends MutantRef {
  readonly verdict: Verdict;
  /** The suite, or the test, that noticed. */
  readonly killedBy: string | null;
}

/** The words other than this one. */
export const othersThan = <T>(value: T, all: readonly T[]): T[] => all.filter((each) => each !== value);
