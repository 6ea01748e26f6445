/**
 * Counts the bytes of all dispatches that wait for consumers, over all streams of a shard or of a manager. It says when
 * sockets should not be read, and when connections have to be left.
 */

/** The level below which reading goes on again, as a part of `maxBytes`; the half of each threshold. */
const TIGHT = { from: 1 / 2, until: 1 / 4 } as const;
const EXCEEDED_UNTIL = 1 / 2;

interface BufferBudgetCallbacks {
  /** Called when {@link BufferBudget.isTight} has changed. */
  onTightChange(): void;
  /** Called when there is room again after the budget was exceeded. */
  onRoom(): void;
}

export class BufferBudget {
  readonly #maxBytes: number;
  readonly #callbacks: BufferBudgetCallbacks;
  #bytes = 0;
  #isTight = false;
  #isExceeded = false;

  constructor(maxBytes: number, callbacks: BufferBudgetCallbacks) {
    this.#maxBytes = maxBytes;
    this.#callbacks = callbacks;
  }

  /** The bytes that wait now. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether more than half of the budget is used, until a quarter is. Sockets should then not be read. */
  get isTight(): boolean {
    return this.#isTight;
  }

  /** Whether the budget is used up, until half of it is. No connection should then be open. */
  get isExceeded(): boolean {
    return this.#isExceeded;
  }

  add(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > this.#maxBytes) this.#isExceeded = true;
    if (!this.#isTight && this.#bytes > this.#maxBytes * TIGHT.from) this.#setTight(true);
  }

  remove(bytes: number): void {
    this.#bytes -= bytes;
    if (this.#isTight && this.#bytes <= this.#maxBytes * TIGHT.until) this.#setTight(false);
    if (!this.#isExceeded || this.#bytes > this.#maxBytes * EXCEEDED_UNTIL) return;
    this.#isExceeded = false;
    this.#callbacks.onRoom();
  }

  #setTight(isTight: boolean): void {
    this.#isTight = isTight;
    this.#callbacks.onTightChange();
  }
}
