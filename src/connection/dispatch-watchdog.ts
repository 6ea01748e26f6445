/**
 * Reports a connection that heartbeats but delivers no dispatches. Off by default, because a quiet shard is often just
 * a shard of quiet guilds.
 */
import type { ConnectionDelegate } from './connection-delegate.ts';

export class DispatchWatchdog {
  readonly #delegate: ConnectionDelegate;
  readonly #onSilence: () => void;
  #timer: unknown;

  constructor(delegate: ConnectionDelegate, onSilence: () => void) {
    this.#delegate = delegate;
    this.#onSilence = onSilence;
  }

  /** Starts at READY or RESUMED. The timer checks when the last dispatch came, so a dispatch costs nothing here. */
  start(): void {
    const { options, activityTimes } = this.#delegate;
    const { clock, timing } = options;
    if (timing.maxDispatchSilenceMs === null) return;
    const silenceMs = clock.now() - (activityTimes.lastDispatchAt ?? clock.now());
    const leftMs = timing.maxDispatchSilenceMs - silenceMs;
    if (leftMs <= 0) return this.#onSilence();
    clock.clearTimeout(this.#timer);
    this.#timer = clock.setTimeout(() => this.start(), leftMs);
  }

  stop(): void {
    this.#delegate.options.clock.clearTimeout(this.#timer);
  }
}
