/**
 * Decides whether a shard resumes for a dispatch that could not be processed. The shard does it once for each dispatch:
 * one that fails the second time will fail the third time too. And it does it a few times in a row, whatever the gateway
 * sends, or connections would follow each other without an end.
 */
import type { Clock } from '../../../clock.ts';

const MAX_IN_A_ROW = 4;

export class RewindLimit {
  readonly #clock: Clock;
  readonly #stableAfterMs: number;
  #lastSequence: number | null = null;
  #lastAt = Number.NEGATIVE_INFINITY;
  #inARow = 0;

  /** @param stableAfterMs - after this long without a failure, a row begins anew */
  constructor(clock: Clock, stableAfterMs: number) {
    this.#clock = clock;
    this.#stableAfterMs = stableAfterMs;
  }

  /** Records a failure. Returns whether the shard may resume for it. */
  allows(sequence: number | null): boolean {
    const now = this.#clock.now();
    const isRepeated = sequence !== null && sequence === this.#lastSequence;
    this.#inARow = now - this.#lastAt >= this.#stableAfterMs ? 1 : this.#inARow + 1;
    this.#lastAt = now;
    this.#lastSequence = sequence;
    return !isRepeated && this.#inARow <= MAX_IN_A_ROW;
  }

  /** Another session counts its dispatches from the beginning. */
  onSessionChange(): void {
    this.#lastSequence = null;
  }
}
