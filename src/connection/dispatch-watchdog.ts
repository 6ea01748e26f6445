/**
 * Reports a connection that heartbeats but delivers no dispatches. Off by default. A quiet shard is often just a shard of
 * quiet guilds, so the gateway is asked for a dispatch first. While a consumer keeps the socket from being read, dispatches
 * may wait on it, so that is no silence.
 */
import type { ConnectionDelegate } from './connection-delegate.ts';
import type { SendLimiter } from './send-limiter.ts';

/** How long a dispatch may take after the probe. */
const PROBE_TIMEOUT_MS = 10_000;
/** How long the probe may wait for the limits of Discord. */
const MAX_PROBE_WAIT_MS = 60_000;

interface DispatchWatchdogCallbacks {
  /** Sends the probe. Returns `false` when the socket is no longer open; its end is about to be reported. */
  send(probe: string): boolean;
  /** Since when no consumer keeps the socket from being read; `null` while one does. */
  readingSince(): number | null;
  onSilence(): void;
}

export class DispatchWatchdog {
  readonly #delegate: ConnectionDelegate;
  readonly #limiter: SendLimiter;
  readonly #callbacks: DispatchWatchdogCallbacks;
  #timer: unknown;

  constructor(delegate: ConnectionDelegate, limiter: SendLimiter, callbacks: DispatchWatchdogCallbacks) {
    this.#delegate = delegate;
    this.#limiter = limiter;
    this.#callbacks = callbacks;
  }

  /** Starts at READY or RESUMED. The timer checks when the last dispatch came, so a dispatch costs nothing here. */
  start(): void {
    const { clock, timing } = this.#delegate.options;
    if (timing.maxDispatchSilenceMs === null) return;
    const leftMs = timing.maxDispatchSilenceMs - (clock.now() - this.#silentSince);
    if (leftMs > 0) this.#after(leftMs, () => this.start());
    else this.#probe(-leftMs);
  }

  stop(): void {
    this.#delegate.options.clock.clearTimeout(this.#timer);
  }

  get #silentSince(): number {
    const { options, activityTimes } = this.#delegate;
    const now = options.clock.now();
    return Math.max(activityTimes.lastDispatchAt ?? now, this.#callbacks.readingSince() ?? now);
  }

  /** @param overdueMs - for how long the probe has waited */
  #probe(overdueMs: number): void {
    const { dispatchProbe: probe } = this.#delegate;
    const waitMs = probe?.waitMs ?? null;
    if (probe === null || waitMs === null) return this.#callbacks.onSilence();
    const delayMs = Math.max(waitMs, this.#limiter.delayMs('priority'));
    if (overdueMs + delayMs > MAX_PROBE_WAIT_MS) return this.#callbacks.onSilence();
    if (delayMs > 0) return this.#after(delayMs, () => this.start());
    const silentSince = this.#silentSince;
    if (!this.#callbacks.send(probe.next())) return;
    this.#after(PROBE_TIMEOUT_MS, () => {
      if (this.#silentSince === silentSince) this.#callbacks.onSilence();
      else this.start();
    });
  }

  #after(delayMs: number, run: () => void): void {
    const { clock } = this.#delegate.options;
    clock.clearTimeout(this.#timer);
    this.#timer = clock.setTimeout(run, delayMs);
  }
}
