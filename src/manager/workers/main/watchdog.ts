/**
 * Notices when a worker thread does not answer any more. It pings several times, with turns of the event loop in
 * between. A manager that was itself busy or asleep thus processes the answers before the timeout.
 */
import type { Clock } from '../../../clock.ts';

const PINGS_PER_TIMEOUT = 4;
/** On a busy machine a thread may take long to load its code. */
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

  /** Applies `timeoutMs` in place of the start timeout. */
  onThreadStarted(): void {
    this.#allowedMs = this.#options.timeoutMs;
  }

  /** Called for every message of the thread. */
  touch(): void {
    this.#silentMs = 0;
  }

  stop(): void {
    this.#options.clock.clearTimeout(this.#timer);
  }
}
