/**
 * Waits for the heartbeats of a client that has had HELLO.
 * @see https://discord.com/developers/docs/events/gateway#sending-heartbeats
 */
import type { Clock } from '../../clock.ts';

/** Beyond the interval a beat may be late by half of it, but never by less than this: tests use tiny intervals. */
const MIN_GRACE_MS = 500;

export class HeartbeatMonitor {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #onTimeout: (silenceMs: number) => void;
  #lastAt = 0;
  #timer: unknown;

  constructor(clock: Clock, intervalMs: number, onTimeout: (silenceMs: number) => void) {
    this.#clock = clock;
    this.#timeoutMs = intervalMs + Math.max(intervalMs / 2, MIN_GRACE_MS);
    this.#onTimeout = onTimeout;
  }

  start(): void {
    this.#lastAt = this.#clock.now();
    this.#schedule(this.#timeoutMs);
  }

  recordHeartbeat(): void {
    this.#lastAt = this.#clock.now();
  }

  stop(): void {
    this.#clock.clearTimeout(this.#timer);
  }

  #schedule(delayMs: number): void {
    this.#timer = this.#clock.setTimeout(() => {
      const leftMs = this.#leftMs();
      if (leftMs > 0) {
        this.#schedule(leftMs);
        return;
      }
      // If this process was busy, a beat may be waiting on the socket: read first, judge then.
      this.#timer = this.#clock.setTimeout(() => {
        const left = this.#leftMs();
        if (left > 0) this.#schedule(left);
        else this.#onTimeout(this.#timeoutMs - left);
      }, 0);
    }, delayMs);
  }

  #leftMs(): number {
    return this.#lastAt + this.#timeoutMs - this.#clock.now();
  }
}
