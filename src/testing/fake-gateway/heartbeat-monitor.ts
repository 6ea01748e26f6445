/**
 * Notices when a client that has received HELLO stops sending heartbeats.
 * @see https://discord.com/developers/docs/events/gateway#sending-heartbeats
 */
import type { Clock } from '../../clock.ts';

/** A heartbeat may be late by half an interval, and at least by this: tests use tiny intervals. */
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
      // If this process was busy, a heartbeat may wait on the socket. Let it be read before judging.
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
