/**
 * The book of dispatches: each carries a serial number, so that what was lost, came twice or came out of order is
 * known exactly. Serials are given out without gaps, and only while there is a session to hold them.
 */
import type { DeliveryCounts } from './delivery-counts.ts';

export class DeliveryCounter implements DeliveryCounts {
  #sent = 0;
  #max = 0;
  /** Serials below the highest that have not come. */
  readonly #missing = new Set<number>();
  #duplicates = 0;
  #outOfOrder = 0;
  readonly #waiting = new Set<() => void>();

  /** The serial of the next dispatch. */
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

  /** Each counted once. */
  get received(): number {
    return this.#max - this.#missing.size;
  }

  /** Skipped: something sent later has come. */
  get missing(): number {
    return this.#missing.size;
  }

  /** Sent after the last that came: on the way, or kept by the gateway for a resume. */
  get outstanding(): number {
    return this.#sent - this.#max;
  }

  get duplicates(): number {
    return this.#duplicates;
  }

  get outOfOrder(): number {
    return this.#outOfOrder;
  }

  /** How many went wrong in any way. */
  get flaws(): number {
    return this.missing + this.#duplicates + this.#outOfOrder;
  }

  /** Settles when the last that was sent until now has come, with `true`; after `patienceMs`, or when aborted, with `false`. */
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
