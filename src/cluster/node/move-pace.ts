/** How fast shards move: so many a second, over all nodes that give some away. */
import type { Clock } from '../../clock.ts';

export class MovePace {
  readonly #clock: Clock;
  readonly #maxMovesPerSecond: number;
  /** When the next move may begin. */
  #nextAt = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, maxMovesPerSecond: number) {
    this.#clock = clock;
    this.#maxMovesPerSecond = maxMovesPerSecond;
  }

  /** Returns how long the next move has to wait, in ms. */
  get waitMs(): number {
    return Math.max(0, this.#nextAt - this.#clock.now());
  }

  /** A move begins. @param givers - how many nodes give shards away at this moment */
  onMove(givers: number): void {
    this.#nextAt = this.#clock.now() + (1_000 * Math.max(1, givers)) / this.#maxMovesPerSecond;
  }
}
