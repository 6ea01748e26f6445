/** Waits for all streams that have nothing to read at the moment, with one call for all of them. */
import type { Clock } from '../../clock.ts';
import { waitAtMost } from '../../protocol/wait-at-most.ts';
import type { DispatchLog } from '../ports/dispatch-log.ts';
import type { Lease } from '../ports/ownership.ts';

export interface WaitingReader {
  readonly lease: Lease;
  wake(): void;
}

/** After this time all streams are read once, whatever the engine says. */
const WAIT_MS = 5_000;
const RETRY_MS = 500;
/** The reason of an abort. Without one Node creates an error with a stack, for each event of a quiet stream. */
const OTHER_STREAMS = 'other streams wait';

export class StreamWaiter {
  readonly #log: DispatchLog;
  readonly #clock: Clock;
  readonly #waiting = new Map<number, WaitingReader>();
  #abort = new AbortController();
  #isRunning = false;
  #restartTimer: unknown = null;

  constructor(log: DispatchLog, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  add(reader: WaitingReader): void {
    this.#waiting.set(reader.lease.shardId, reader);
    if (!this.#isRunning) void this.#run();
    // Readers that begin to wait in one turn cost one call.
    else this.#restartTimer ??= this.#clock.setTimeout(() => this.#restart(), 0);
  }

  remove(reader: WaitingReader): void {
    if (this.#waiting.get(reader.lease.shardId) === reader) this.#waiting.delete(reader.lease.shardId);
    if (this.#waiting.size === 0) this.#restart();
  }

  #restart(): void {
    this.#clock.clearTimeout(this.#restartTimer);
    this.#restartTimer = null;
    this.#abort.abort(OTHER_STREAMS);
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#waiting.size > 0) {
      this.#abort = new AbortController();
      const { signal } = this.#abort;
      const leases = [...this.#waiting.values()].map(({ lease }) => lease);
      try {
        const news = await this.#log.wait(leases, { timeoutMs: WAIT_MS, signal });
        for (const shardId of news.length > 0 || signal.aborted ? news : this.#waiting.keys()) this.#wake(shardId);
      } catch {
        // A read finds out what is wrong. The engine reports an outage itself.
        await waitAtMost(this.#clock, RETRY_MS, new Promise<void>(() => undefined));
        for (const shardId of this.#waiting.keys()) this.#wake(shardId);
      }
    }
    this.#isRunning = false;
  }

  #wake(shardId: number): void {
    const reader = this.#waiting.get(shardId);
    this.#waiting.delete(shardId);
    reader?.wake();
  }
}
