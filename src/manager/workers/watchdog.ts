/**
 * Notices that a thread does not answer any more. It is asked several times, with turns of the event loop in between: a
 * manager that was itself busy, or asleep, finds the answers before it comes to ask again.
 */
import type { Clock } from '../../clock.ts';

const ASKS = 4;
/** To load code may take long on a machine that is busy with other things. */
const START_TIMEOUT_MS = 60_000;

interface Host {
  readonly clock: Clock;
  readonly timeoutMs: number;
  ping(): void;
  onSilence(silentMs: number): void;
}

export class Watchdog {
  readonly #host: Host;
  #allowedMs: number;
  #silentMs = 0;
  #timer: unknown = null;

  constructor(host: Host) {
    this.#host = host;
    this.#allowedMs = Math.max(START_TIMEOUT_MS, host.timeoutMs);
  }

  /** Begins to ask. */
  watch(): void {
    const { clock, timeoutMs } = this.#host;
    const intervalMs = timeoutMs / ASKS;
    this.#timer = clock.setTimeout(() => {
      if (this.#silentMs >= this.#allowedMs) return this.#host.onSilence(this.#silentMs);
      this.#silentMs += intervalMs;
      this.#host.ping();
      this.watch();
    }, intervalMs);
  }

  /** The thread runs: from now on it has to answer. */
  started(): void {
    this.#allowedMs = this.#host.timeoutMs;
  }

  /** The thread has said something. */
  heard(): void {
    this.#silentMs = 0;
  }

  stop(): void {
    this.#host.clock.clearTimeout(this.#timer);
  }
}
