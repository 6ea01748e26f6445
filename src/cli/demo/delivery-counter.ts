/**
 * Counts the dispatches of one shard. Each dispatch carries a serial number, so that lost, repeated and misordered
 * ones are known exactly. Serials have no gaps, and are given only while there is a session to hold the dispatch.
 */

export interface DeliveryCounts {
  readonly sent: number;
  /** Dispatches that arrived; a repeated one counts once. */
  readonly received: number;
  /** Dispatches that did not arrive, although a later one did. */
  readonly missing: number;
  /** Dispatches sent after the last that arrived: on their way, or kept by the gateway for a resume. */
  readonly outstanding: number;
  readonly duplicates: number;
  readonly outOfOrder: number;
  /** The sum of missing, repeated and misordered dispatches. */
  readonly flaws: number;
}

export class DeliveryCounter implements DeliveryCounts {
  #sent = 0;
  #max = 0;
  readonly #missing = new Set<number>();
  #duplicates = 0;
  #outOfOrder = 0;
  readonly #waiting = new Set<() => void>();

  /** Counts a dispatch as sent, and returns its serial. */
  nextSerial(): number {
    this.#sent += 1;
    return this.#sent;
  }

  receive(serial: number): void {
    if (serial > this.#max) {
      for (let skipped = this.#max + 1; skipped < serial; skipped += 1) this.#missing.add(skipped);
      this.#max = serial;
    } else if (this.#missing.delete(serial)) this.#outOfOrder += 1;
    else this.#duplicates += 1;
    for (const check of this.#waiting) check();
  }

  get sent(): number {
    return this.#sent;
  }

  get received(): number {
    return this.#max - this.#missing.size;
  }

  get missing(): number {
    return this.#missing.size;
  }

  get outstanding(): number {
    return this.#sent - this.#max;
  }

  get duplicates(): number {
    return this.#duplicates;
  }

  get outOfOrder(): number {
    return this.#outOfOrder;
  }

  get flaws(): number {
    return this.missing + this.#duplicates + this.#outOfOrder;
  }

  /**
   * Resolves with `true` when the last dispatch sent before this call has arrived, and with `false` after `timeoutMs`
   * or when the signal aborts.
   */
  waitUntilDelivered(timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    const lastSent = this.#sent;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const end = (): void => {
      clearTimeout(timer);
      this.#waiting.delete(check);
      signal.removeEventListener('abort', end);
      resolve(isDone());
    };
    const isDone = (): boolean => this.#max >= lastSent;
    const check = (): void => {
      if (isDone()) end();
    };
    const timer = setTimeout(end, timeoutMs);
    this.#waiting.add(check);
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
    else check();
    return promise;
  }
}

/** Returns the sums over several counters. They are computed at each read, so they stay up to date. */
export const sumCounts = (counts: readonly DeliveryCounts[]): DeliveryCounts => {
  const sum = (name: keyof DeliveryCounts): number => counts.reduce((total, count) => total + count[name], 0);
  return {
    get sent() {
      return sum('sent');
    },
    get received() {
      return sum('received');
    },
    get missing() {
      return sum('missing');
    },
    get outstanding() {
      return sum('outstanding');
    },
    get duplicates() {
      return sum('duplicates');
    },
    get outOfOrder() {
      return sum('outOfOrder');
    },
    get flaws() {
      return sum('flaws');
    },
  };
};
