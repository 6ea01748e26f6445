/** Acknowledges the entries of one stream: one call at a time, with everything that was handled meanwhile. */
import type { Clock } from '../../clock.ts';
import { GatewayError } from '../../protocol/errors.ts';
import { waitAtMost } from '../../protocol/wait-at-most.ts';
import type { DispatchLog } from '../ports/dispatch-log.ts';
import type { Lease } from '../ports/ownership.ts';
import { isFenced, unexpectedError } from '../engine-errors.ts';
import type { StreamEntry } from './stream-entry.ts';
import { deadLettersRemovedError } from './stream-faults.ts';

interface StreamAcksOptions {
  readonly lease: Lease;
  readonly log: DispatchLog;
  readonly clock: Clock;
  readonly maxDeadLetters: number;
  readonly report: (error: GatewayError) => void;
  /** The engine has the acknowledgement of an entry, or keeps it as a dead letter. */
  readonly onDone: (entry: StreamEntry) => void;
  readonly onFenced: () => void;
}

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: GatewayError) => void;
}

const RETRY_MS = 500;

export class StreamAcks {
  readonly #options: StreamAcksOptions;
  readonly #waiting = new Map<StreamEntry, Waiter>();
  #burying = 0;
  #isFlushing = false;
  #isClosed = false;

  constructor(options: StreamAcksOptions) {
    this.#options = options;
  }

  get isBusy(): boolean {
    return this.#waiting.size > 0 || this.#burying > 0;
  }

  /** Resolves when the engine has it. */
  add(entry: StreamEntry): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(entry, { resolve, reject });
      if (!this.#isFlushing) void this.#flush();
    });
  }

  bury(entry: StreamEntry, error: string): void {
    this.#burying += 1;
    void this.#bury(entry, error);
  }

  /** The lease is lost. */
  close(): void {
    this.#isClosed = true;
    const { shardId } = this.#options.lease;
    for (const { reject } of this.#waiting.values())
      reject(new GatewayError('FENCED', `another consumer has the stream of shard ${shardId}`));
    this.#waiting.clear();
  }

  async #flush(): Promise<void> {
    const { log, lease } = this.#options;
    this.#isFlushing = true;
    // What is handled in one turn is acknowledged in one call.
    await Promise.resolve();
    while (this.#waiting.size > 0) {
      const batch = [...this.#waiting].map(([entry, waiter]) => ({ entry, waiter, count: entry.positions.length }));
      const positions = batch.flatMap(({ entry }) => entry.positions);
      if (positions.length > 0 && !(await this.#try(() => log.ack(lease, positions)))) continue;
      for (const { entry, waiter, count } of batch) {
        entry.positions.splice(0, count);
        // It was read again meanwhile, where an engine that was empty has it again.
        if (entry.positions.length > 0 || !this.#waiting.delete(entry)) continue;
        waiter.resolve();
        this.#options.onDone(entry);
      }
    }
    this.#isFlushing = false;
  }

  async #bury(entry: StreamEntry, error: string): Promise<void> {
    const { log, lease, maxDeadLetters, report } = this.#options;
    const { positions, logged, attempt } = entry;
    const bury = async (): Promise<void> => {
      // What comes from a snapshot is nowhere in the stream.
      const [position] = positions;
      if (position === undefined) return;
      const removed = await log.bury(lease, { ...logged, position, attempt }, error, maxDeadLetters);
      if (removed > 0) report(deadLettersRemovedError(removed, maxDeadLetters));
      // It may be read again meanwhile, where an engine that was empty has it again.
      for (let done = 1; done < positions.length;) {
        const others = positions.slice(done);
        await log.ack(lease, others);
        done += others.length;
      }
    };
    while (!this.#isClosed && !(await this.#try(bury)));
    this.#burying -= 1;
    if (!this.#isClosed) this.#options.onDone(entry);
  }

  /** Resolves with whether it was done. An outage is waited for. */
  async #try(call: () => Promise<void>): Promise<boolean> {
    try {
      await call();
      return true;
    } catch (cause) {
      if (this.#isClosed) return false;
      const error = unexpectedError(cause);
      if (isFenced(cause)) this.#options.onFenced();
      else if (error !== null) this.#options.report(error);
      if (!this.#isClosed) await waitAtMost(this.#options.clock, RETRY_MS, new Promise<void>(() => undefined));
      return false;
    }
  }
}
