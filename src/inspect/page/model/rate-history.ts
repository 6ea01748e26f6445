/** Keeps dispatches a second over the last half hour. A page with thousands of shards has one for each, so it is small. */
import type { RateHistory } from '../../messages.ts';

const BIN_MS = 2_000;
/** Half an hour, which is the longest time that the page shows. */
const BINS = 900;

export class ShardRates {
  /** A ring. A bin that was not measured is `NaN`. */
  readonly #perSecond = new Float32Array(BINS).fill(Number.NaN);
  /** The number of the newest bin, counted from the epoch; `null` before the first. */
  #newest: number | null = null;

  /** Adds the rate that was measured at a time. Times never go back. */
  add(at: number, perSecond: number): void {
    const bin = Math.floor(at / BIN_MS);
    // What the ring used for an earlier time is forgotten.
    const before = Math.max(this.#newest ?? bin, bin - BINS);
    for (let skipped = before + 1; skipped <= bin; skipped += 1) this.#perSecond[skipped % BINS] = Number.NaN;
    this.#perSecond[bin % BINS] = perSecond;
    this.#newest = bin;
  }

  /** Returns what is known; bins that were not measured are `null`. */
  get history(): RateHistory {
    const newest = this.#newest;
    if (newest === null) return { from: 0, binMs: BIN_MS, perSecond: [] };
    const bins = Array.from({ length: BINS }, (_, index) => newest - BINS + 1 + index);
    const first = bins.find((bin) => this.#rateIn(bin) !== null) ?? newest;
    return {
      from: first * BIN_MS,
      binMs: BIN_MS,
      perSecond: bins.filter((bin) => bin >= first).map((bin) => this.#rateIn(bin)),
    };
  }

  #rateIn(bin: number): number | null {
    const rate = this.#perSecond[bin % BINS] ?? Number.NaN;
    return Number.isNaN(rate) ? null : Math.round(rate * 10) / 10;
  }
}
