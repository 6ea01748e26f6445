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

/** The connection as this file sees it. */
interface WatchedConnection {
  /** Sends the probe. Returns `false` when the socket is no longer open; its end is about to be reported. */
  transmit(kind: 'priority', probe: string): boolean;
  /** Since when no consumer keeps the socket from being read; `null` while one does. */
  readonly readingSince: number | null;
  raise(event: { readonly type: 'socket.dispatchTimeout' }): void;
}

export class DispatchWatchdog {
  readonly #maxSilenceMs: number;
  readonly #delegate: ConnectionDelegate;
  readonly #limiter: SendLimiter;
  readonly #connection: WatchedConnection;
  #timer: unknown;

  constructor(maxSilenceMs: number, delegate: ConnectionDelegate, limiter: SendLimiter, connection: WatchedConnection) {
    this.#maxSilenceMs = maxSilenceMs;
    this.#delegate = delegate;
    this.#limiter = limiter;
    this.#connection = connection;
  }

  /** Starts at READY or RESUMED. The timer checks when the last dispatch came, so a dispatch costs nothing here. */
  start(): void {
    const leftMs = this.#maxSilenceMs - (this.#delegate.options.clock.now() - this.#silentSince);
    if (leftMs > 0) this.#after(leftMs, () => this.start());
    else this.#probe(-leftMs);
  }

  stop(): void {
    this.#delegate.options.clock.clearTimeout(this.#timer);
  }

  get #silentSince(): number {
    const { options, activityTimes } = this.#delegate;
    const now = options.clock.now();
    return Math.max(activityTimes.lastDispatchAt ?? now, this.#connection.readingSince ?? now);
  }

  /** @param overdueMs - for how long the probe has waited */
  #probe(overdueMs: number): void {
    const { dispatchProbe: probe } = this.#delegate;
    const waitMs = probe?.waitMs ?? null;
    if (probe === null || waitMs === null) return this.#reportSilence();
    const delayMs = Math.max(waitMs, this.#limiter.delayMs('priority'));
    if (overdueMs + delayMs > MAX_PROBE_WAIT_MS) return this.#reportSilence();
    if (delayMs > 0) return this.#after(delayMs, () => this.start());
    const silentSince = this.#silentSince;
    if (!this.#connection.transmit('priority', probe.next())) return;
    this.#after(PROBE_TIMEOUT_MS, () => {
      if (this.#silentSince === silentSince) this.#reportSilence();
      else this.start();
    });
  }

  #reportSilence(): void {
    this.#connection.raise({ type: 'socket.dispatchTimeout' });
  }

  #after(delayMs: number, run: () => void): void {
    const { clock } = this.#delegate.options;
    clock.clearTimeout(this.#timer);
    this.#timer = clock.setTimeout(run, delayMs);
  }
}
