/**
 * Keeps Discord's send limits, with a sliding log of 60 s: two fixed windows would let twice the frames pass around
 * their border. Each connection has its own limiter, because Discord counts per connection.
 * @see https://discord.com/developers/docs/events/gateway#rate-limiting
 */
import type { Clock } from '../clock.ts';

/** Frames that a connection may send in any {@link WINDOW_MS}, including heartbeats and the handshake. */
const FRAMES = 120;
const WINDOW_MS = 60_000;
/** Discord allows 5 presence updates in 20 s. */
const PRESENCES = 5;
const PRESENCE_WINDOW_MS = 20_000;
/** The gateway counts frames when they arrive: a slow frame must not count in the window of a later one. */
const MARGIN_MS = 500;
/** Capacity reserved for heartbeats that the gateway requests. */
const REQUESTED_HEARTBEATS = 2;
/** Capacity left for commands, however short the heartbeat interval is. */
const MIN_COMMANDS = 60;

/**
 * `heartbeat` and `handshake` are never delayed. `reply` is a heartbeat that the gateway requested, `priority` a
 * command with `ignoreRateLimit`: both may use everything but the capacity of scheduled heartbeats. `command` and
 * `presence` may not use the capacity of requested heartbeats either.
 */
export type FrameKind = 'heartbeat' | 'handshake' | 'reply' | 'priority' | 'command' | 'presence';

/**
 * The times of the frames in a window, in order. Older ones are dropped, so an idle connection holds almost nothing.
 */
class SlidingLog {
  readonly #windowMs: number;
  #at: readonly number[] = [];

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  record(now: number): void {
    // A new array, because one that grows by push() reserves memory for more elements.
    this.#at = this.#at.filter((at) => at + this.#windowMs + MARGIN_MS > now).concat(now);
  }

  /** Returns the number of frames in the window. */
  within(now: number): number {
    const oldest = this.#at.findIndex((at) => at > now - this.#windowMs);
    return oldest === -1 ? 0 : this.#at.length - oldest;
  }

  /** Returns the time until fewer than `limit` frames are in the window, in ms. */
  delayMs(now: number, limit: number): number {
    const last = this.#at.at(-limit);
    return last === undefined ? 0 : Math.max(0, last + this.#windowMs + MARGIN_MS - now);
  }
}

export class SendLimiter {
  readonly #clock: Clock;
  readonly #frames = new SlidingLog(WINDOW_MS);
  /** Created with the first presence. */
  #presences: SlidingLog | null = null;
  #scheduledHeartbeats = 0;

  constructor({ clock }: { clock: Clock }) {
    this.#clock = clock;
  }

  /** Reserves capacity for scheduled heartbeats. An invalid interval changes nothing. */
  reserveHeartbeats(heartbeatIntervalMs: number): void {
    const heartbeats = Math.ceil(WINDOW_MS / heartbeatIntervalMs) + 1;
    if (heartbeats > 0) this.#scheduledHeartbeats = Math.min(heartbeats, FRAMES - MIN_COMMANDS - REQUESTED_HEARTBEATS);
  }

  /** Returns the time until a frame of this kind may be sent, in ms. */
  delayMs(kind: FrameKind): number {
    const limit = SendLimiter.#limits[kind](this);
    if (limit === null) return 0;
    const now = this.#clock.now();
    const delayMs = this.#frames.delayMs(now, limit);
    return kind === 'presence' ? Math.max(delayMs, this.#presences?.delayMs(now, PRESENCES) ?? 0) : delayMs;
  }

  /** The frames sent in the last 60 s, and how many Discord allows. */
  get window(): { used: number; limit: number } {
    return { used: this.#frames.within(this.#clock.now()), limit: FRAMES };
  }

  record(kind: FrameKind): void {
    const now = this.#clock.now();
    this.#frames.record(now);
    if (kind === 'presence') (this.#presences ??= new SlidingLog(PRESENCE_WINDOW_MS)).record(now);
  }

  /** How many frames may be in the window before one of this kind has to wait; `null` for any number. */
  static readonly #limits: Readonly<Record<FrameKind, (limiter: SendLimiter) => number | null>> = {
    heartbeat: () => null,
    handshake: () => null,
    reply: (limiter) => FRAMES - limiter.#scheduledHeartbeats,
    priority: (limiter) => FRAMES - limiter.#scheduledHeartbeats,
    command: (limiter) => FRAMES - limiter.#scheduledHeartbeats - REQUESTED_HEARTBEATS,
    presence: (limiter) => FRAMES - limiter.#scheduledHeartbeats - REQUESTED_HEARTBEATS,
  };
}
