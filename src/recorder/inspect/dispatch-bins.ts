/** Counts dispatches over the time of a recording. Bins become twice as wide when there are too many. */
import type { RateHistory } from '../../inspect/messages.ts';

const FIRST_BIN_MS = 1_000;
const MAX_BINS = 1_024;
/** The longest time that the page shows at once. */
const SHOWN_MS = 1_800_000;

export class DispatchBins {
  readonly from: number;
  binMs = FIRST_BIN_MS;
  counts: number[] = [];
  /** The newest sequence in each bin. */
  #sequences: (number | null)[] = [];

  constructor(from: number) {
    this.from = from;
  }

  add(at: number, count: number, sequence: number | null): void {
    while (this.#indexOf(at) >= MAX_BINS) this.#widen();
    const index = Math.max(0, this.#indexOf(at));
    while (this.counts.length <= index) {
      this.counts.push(0);
      this.#sequences.push(null);
    }
    this.counts[index] = (this.counts[index] ?? 0) + count;
    if (sequence !== null) this.#sequences[index] = sequence;
  }

  /** Returns the rates until a time. They begin where the bins do, or the last so many minutes. */
  ratesUntil(at: number): RateHistory {
    const end = Math.min(this.counts.length, this.#indexOf(at) + 1);
    const first = Math.max(0, end - Math.ceil(SHOWN_MS / this.binMs));
    const perSecond = this.counts.slice(first, Math.max(first, end)).map((count) => (count * 1_000) / this.binMs);
    return { from: this.from + first * this.binMs, binMs: this.binMs, perSecond };
  }

  perSecondAt(at: number): number {
    return ((this.counts[this.#indexOf(at)] ?? 0) * 1_000) / this.binMs;
  }

  /** Returns the newest sequence until a time, and when it arrived, as exactly as the bins are wide. */
  lastUntil(at: number): { readonly sequence: number | null; readonly at: number | null } {
    for (let index = Math.min(this.#indexOf(at), this.counts.length - 1); index >= 0; index -= 1)
      if ((this.counts[index] ?? 0) > 0)
        return { sequence: this.#sequences[index] ?? null, at: Math.min(at, this.from + (index + 1) * this.binMs) };
    return { sequence: null, at: null };
  }

  #indexOf(at: number): number {
    return Math.floor((at - this.from) / this.binMs);
  }

  #widen(): void {
    this.binMs *= 2;
    const half = Math.ceil(this.counts.length / 2);
    this.counts = Array.from(
      { length: half },
      (_, index) => (this.counts[2 * index] ?? 0) + (this.counts[2 * index + 1] ?? 0),
    );
    this.#sequences = Array.from(
      { length: half },
      (_, index) => this.#sequences[2 * index + 1] ?? this.#sequences[2 * index] ?? null,
    );
  }
}
