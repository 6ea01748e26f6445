/** Notices calls that run for long. One timer serves all calls: they all have one limit, so the oldest is due first. */
import type { Clock } from '../clock.ts';

export interface CallWatchOptions {
  readonly clock: Clock;
  /** How long a call may run; `null` for no limit. */
  readonly limitMs: number | null;
  /** Called once for a call that runs longer. */
  onSlow(ms: number, call: object): void;
}

export class CallWatch {
  readonly #options: CallWatchOptions;
  /** When each call began, the oldest first. */
  readonly #startedAt = new Map<object, number>();
  #timer: unknown = null;

  constructor(options: CallWatchOptions) {
    this.#options = options;
  }

  start(call: object): void {
    const { limitMs, clock } = this.#options;
    if (limitMs === null) return;
    this.#startedAt.set(call, clock.now());
    if (this.#timer === null) this.#setTimer(limitMs);
  }

  end(call: object): void {
    if (!this.#startedAt.delete(call) || this.#startedAt.size > 0) return;
    // A timer that no call needs must not keep the process alive.
    this.#options.clock.clearTimeout(this.#timer);
    this.#timer = null;
  }

  #setTimer(delayMs: number): void {
    this.#timer = this.#options.clock.setTimeout(() => this.#check(), delayMs);
  }

  #check(): void {
    const { limitMs, clock } = this.#options;
    this.#timer = null;
    for (const [call, startedAt] of this.#startedAt) {
      const ms = clock.now() - startedAt;
      if (limitMs === null || ms < limitMs) return this.#setTimer((limitMs ?? 0) - ms);
      this.#startedAt.delete(call);
      this.#options.onSlow(ms, call);
    }
  }
}
