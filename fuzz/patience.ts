/**
 * Counts what makes a client give something up: a dispatch that is broken in each replay, or a session whose resumes fail
 * or whose messages hide their sequence.
 */

const MAX_FAILURES = 3;

export class Patience {
  readonly #maxAttempts: number;
  #isResuming = false;
  #failedResumes = 0;
  #unreadable = 0;
  #failed: { sequence: number; times: number } | null = null;

  /** @param maxAttempts - how many resumes may fail in a row; one more message may be unreadable */
  constructor(maxAttempts: number) {
    this.#maxAttempts = maxAttempts;
  }

  recordFailure(sequence: number): void {
    this.#failed = { sequence, times: this.#failed?.sequence === sequence ? this.#failed.times + 1 : 1 };
  }

  /** Returns whether the dispatch with this sequence has ended several connections. */
  mustSkip(sequence: unknown): boolean {
    return this.#failed !== null && this.#failed.times >= MAX_FAILURES && this.#failed.sequence === sequence;
  }

  forgetFailure(): void {
    this.#failed = null;
  }

  startResume(): void {
    this.#isResuming = true;
  }

  /** READY or RESUMED was read. */
  endResume(): void {
    this.#isResuming = false;
    this.#failedResumes = 0;
  }

  /** A message ends the connection, and a replay can't skip it. */
  countUnreadable(): void {
    this.#unreadable += 1;
  }

  /** The connection has ended. Returns whether the session is given up. */
  endConnection(): boolean {
    if (this.#isResuming) this.#failedResumes += 1;
    this.#isResuming = false;
    return this.#failedResumes >= this.#maxAttempts || this.#unreadable > this.#maxAttempts;
  }

  /** Another session begins. */
  reset(): void {
    this.#isResuming = false;
    this.#failedResumes = 0;
    this.#unreadable = 0;
    this.#failed = null;
  }
}
