/**
 * The times of the last frame and the last dispatch, over all connections of a shard. Both are written with each
 * dispatch: a field that always is a fraction is written in place, and anything else would be allocated each time.
 */
export class ActivityTimes {
  #frameAt = Number.NaN;
  #dispatchAt = Number.NaN;

  /** `null` before the first frame. */
  get lastFrameAt(): number | null {
    return Number.isNaN(this.#frameAt) ? null : this.#frameAt;
  }

  /** `null` before the first dispatch. */
  get lastDispatchAt(): number | null {
    return Number.isNaN(this.#dispatchAt) ? null : this.#dispatchAt;
  }

  recordFrame(now: number): void {
    this.#frameAt = now;
  }

  /** The last frame is a dispatch. */
  recordDispatch(): void {
    this.#dispatchAt = this.#frameAt;
  }
}
