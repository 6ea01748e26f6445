/**
 * Notices that a thread does not answer any more. It is asked several times, with turns of the event loop in between: a
 * manager that was itself busy, or asleep, finds the answers before it comes to ask again.
 */
import type { Clock } from '../../../clock.ts';

const PINGS_PER_TIMEOUT = 4;
/** To load code may take long on a machine that is busy with other things. */
const START_TIMEOUT_MS = 60_000;

interface WatchdogOptions {
  readonly clock: Clock;
  readonly timeoutMs: number;
  ping(): void;
  onSilence(silentMs: number): void;
}

export class Watchdog {
  readonly #options: WatchdogOptions;
  #allowedMs: number;
  #silentMs = 0;
  #timer: unknown = null;

  constructor(options: WatchdogOptions) {
    this.#options = options;
    this.#allowedMs = Math.max(START_TIMEOUT_MS, options.timeoutMs);
  }

  /** Begins to ask. */
  start(): void {
    const { clock, timeoutMs } = this.#options;
    const intervalMs = timeoutMs / PINGS_PER_TIMEOUT;
    this.#timer = clock.setTimeout(() => {
      if (this.#silentMs >= this.#allowedMs) return this.#options.onSilence(this.#silentMs);
      this.#silentMs += intervalMs;
      this.#options.ping();
      this.start();
    }, intervalMs);
  }

  /** The thread runs: from now on it has to answer. */
  onThreadStarted(): void {
    this.#allowedMs = this.#options.timeoutMs;
  }

  /** The thread has said something. */
  touch(): void {
    this.#silentMs = 0;
  }

  stop(): void {
    this.#options.clock.clearTimeout(this.#timer);
  }
}
