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
const REQUESTED_BEATS = 2;
/** What is left to commands however fast the gateway wants the beats. */
const LEAST_COMMANDS = 60;

/**
 * `heartbeat` and `handshake` are never held back. `reply` is a beat the gateway asked for, `priority` a command
 * that overtakes: both may take all but the room of scheduled beats. `command` and `presence` wait for the rest.
 */
export type FrameKind = 'heartbeat' | 'handshake' | 'reply' | 'priority' | 'command' | 'presence';

/** The times of the last frames, oldest overwritten first. */
class SlidingLog {
  readonly #at: Float64Array;
  #count = 0;

  constructor(size: number) {
    this.#at = new Float64Array(size);
  }

  record(now: number): void {
    this.#at[this.#count % this.#at.length] = now;
    this.#count += 1;
  }

  /** How many frames are within the window. */
  within(now: number, windowMs: number): number {
    const known = Math.min(this.#count, this.#at.length);
    let within = 0;
    while (within < known && (this.#at[(this.#count - 1 - within) % this.#at.length] ?? 0) > now - windowMs) within += 1;
    return within;
  }

  /** Milliseconds until fewer than `limit` frames are within the window. */
  delayMs(now: number, limit: number, windowMs: number): number {
    if (this.#count < limit) return 0;
    const oldest = this.#at[(this.#count - limit) % this.#at.length] ?? 0;
    return Math.max(0, oldest + windowMs + MARGIN_MS - now);
  }
}

export class SendLimiter {
  readonly #clock: Clock;
  readonly #frames = new SlidingLog(FRAMES);
  readonly #presences = new SlidingLog(PRESENCES);
  #scheduledBeats = 0;

  constructor({ clock }: { clock: Clock }) {
    this.#clock = clock;
  }

  /** Keeps the room that scheduled beats need in any window. An interval that is none keeps no more than before. */
  keepRoomFor(heartbeatIntervalMs: number): void {
    const beats = Math.ceil(WINDOW_MS / heartbeatIntervalMs) + 1;
    if (beats > 0) this.#scheduledBeats = Math.min(beats, FRAMES - LEAST_COMMANDS - REQUESTED_BEATS);
  }

  /** Milliseconds until a frame of this kind may go; 0 for now. */
  delayMs(kind: FrameKind): number {
    const limit = this.#limits[kind]();
    if (limit === null) return 0;
    const now = this.#clock.now();
    const delayMs = this.#frames.delayMs(now, limit, WINDOW_MS);
    return kind === 'presence' ? Math.max(delayMs, this.#presences.delayMs(now, PRESENCES, PRESENCE_WINDOW_MS)) : delayMs;
  }

  /** Frames sent in the last 60 s, and how many Discord allows. */
  get window(): { used: number; limit: number } {
    return { used: this.#frames.within(this.#clock.now(), WINDOW_MS), limit: FRAMES };
  }

  /** A frame was sent. */
  record(kind: FrameKind): void {
    const now = this.#clock.now();
    this.#frames.record(now);
    if (kind === 'presence') this.#presences.record(now);
  }

  readonly #limits: Readonly<Record<FrameKind, () => number | null>> = {
    heartbeat: () => null,
    handshake: () => null,
    reply: () => FRAMES - this.#scheduledBeats,
    priority: () => FRAMES - this.#scheduledBeats,
    command: () => FRAMES - this.#scheduledBeats - REQUESTED_BEATS,
    presence: () => FRAMES - this.#scheduledBeats - REQUESTED_BEATS,
  };
}
