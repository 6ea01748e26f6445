/**
 * Discord's send limits, kept on our side as a sliding log: any 60 s, not fixed windows, because two fixed windows
 * let twice the frames through at their seam. One limiter a connection; a new connection has a fresh budget.
 * @see https://discord.com/developers/docs/events/gateway#rate-limiting
 */
import type { Clock } from '../clock.ts';

/** Frames a connection may carry in any {@link WINDOW_MS}, beats and handshake included. */
const FRAMES = 120;
const WINDOW_MS = 60_000;
/** The practical limit of presence updates. */
const PRESENCES = 5;
const PRESENCE_WINDOW_MS = 20_000;
/** The gateway counts by arrival: a frame that was slow on the way must not fall into the window of a later one. */
const MARGIN_MS = 500;
/** Room for beats the gateway asks for. */
const REQUESTED_HEARTBEATS = 2;
/** What is left to commands however fast the gateway wants the beats. */
const MIN_COMMANDS = 60;

/**
 * `heartbeat` and `handshake` are never held back. `reply` is a beat the gateway asked for, `priority` a command
 * that overtakes: both may take all but the room of scheduled beats. `command` and `presence` wait for the rest.
 */
export type FrameKind = 'heartbeat' | 'handshake' | 'reply' | 'priority' | 'command' | 'presence';

/** The times of the frames of a window, in order. What is older is forgotten: an idle connection holds next to nothing. */
class SlidingLog {
  readonly #windowMs: number;
  #at: readonly number[] = [];

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  record(now: number): void {
    // An array that grows holds room for more, for as long as it lives: this one is as long as it has to be.
    this.#at = this.#at.filter((at) => at + this.#windowMs + MARGIN_MS > now).concat(now);
  }

  /** How many frames are within the window. */
  within(now: number): number {
    const oldest = this.#at.findIndex((at) => at > now - this.#windowMs);
    return oldest === -1 ? 0 : this.#at.length - oldest;
  }

  /** Milliseconds until fewer than `limit` frames are within the window. */
  delayMs(now: number, limit: number): number {
    const last = this.#at.at(-limit);
    return last === undefined ? 0 : Math.max(0, last + this.#windowMs + MARGIN_MS - now);
  }
}

export class SendLimiter {
  readonly #clock: Clock;
  readonly #frames = new SlidingLog(WINDOW_MS);
  readonly #presences = new SlidingLog(PRESENCE_WINDOW_MS);
  #scheduledHeartbeats = 0;

  constructor({ clock }: { clock: Clock }) {
    this.#clock = clock;
  }

  /** Keeps the room that scheduled beats need in any window. An interval that is none keeps no more than before. */
  reserveHeartbeats(heartbeatIntervalMs: number): void {
    const heartbeats = Math.ceil(WINDOW_MS / heartbeatIntervalMs) + 1;
    if (heartbeats > 0) this.#scheduledHeartbeats = Math.min(heartbeats, FRAMES - MIN_COMMANDS - REQUESTED_HEARTBEATS);
  }

  /** Milliseconds until a frame of this kind may go; 0 for now. */
  delayMs(kind: FrameKind): number {
    const limit = SendLimiter.#limits[kind](this);
    if (limit === null) return 0;
    const now = this.#clock.now();
    const delayMs = this.#frames.delayMs(now, limit);
    return kind === 'presence' ? Math.max(delayMs, this.#presences.delayMs(now, PRESENCES)) : delayMs;
  }

  /** Frames sent in the last 60 s, and how many Discord allows. */
  get window(): { used: number; limit: number } {
    return { used: this.#frames.within(this.#clock.now()), limit: FRAMES };
  }

  /** A frame was sent. */
  record(kind: FrameKind): void {
    const now = this.#clock.now();
    this.#frames.record(now);
    if (kind === 'presence') this.#presences.record(now);
  }

  /** How many frames may be in the window before one of a kind has to wait; `null` for any number. */
  static readonly #limits: Readonly<Record<FrameKind, (limiter: SendLimiter) => number | null>> = {
    heartbeat: () => null,
    handshake: () => null,
    reply: (limiter) => FRAMES - limiter.#scheduledHeartbeats,
    priority: (limiter) => FRAMES - limiter.#scheduledHeartbeats,
    command: (limiter) => FRAMES - limiter.#scheduledHeartbeats - REQUESTED_HEARTBEATS,
    presence: (limiter) => FRAMES - limiter.#scheduledHeartbeats - REQUESTED_HEARTBEATS,
  };
}
