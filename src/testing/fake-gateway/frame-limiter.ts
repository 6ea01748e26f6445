/**
 * Limits what a client may send: 120 frames in any 60 s, heartbeats included.
 * @see https://discord.com/developers/docs/events/gateway#rate-limiting
 */
import type { Clock } from '../../clock.ts';

const WINDOW_MS = 60_000;
const MAX_FRAMES = 120;
/** Below this interval heartbeats alone could use up the limit, so that they get a limit of their own. */
const SEPARATE_LIMIT_BELOW_MS = 1000;

/** Allows `max` frames in any 60 s. A frame that it refuses does not count. */
class WindowLimit {
  readonly #max: number;
  #times: number[] = [];

  constructor(max: number) {
    this.#max = max;
  }

  /** Counts a frame and returns `true`, or returns `false` when the limit is reached. */
  tryConsume(now: number): boolean {
    const expired = this.#times.findIndex((time) => time > now - WINDOW_MS);
    if (expired !== 0) this.#times = expired === -1 ? [] : this.#times.slice(expired);
    if (this.#times.length >= this.#max) return false;
    this.#times.push(now);
    return true;
  }
}

export class FrameLimiter {
  readonly #clock: Clock;
  readonly #frames = new WindowLimit(MAX_FRAMES);
  readonly #heartbeats: WindowLimit | null;

  constructor(clock: Clock, heartbeatIntervalMs: number) {
    this.#clock = clock;
    const heartbeatsPerWindow = WINDOW_MS / heartbeatIntervalMs;
    this.#heartbeats =
      heartbeatIntervalMs < SEPARATE_LIMIT_BELOW_MS ? new WindowLimit(Math.ceil(heartbeatsPerWindow * 2)) : null;
  }

  /** Counts a frame and returns `true`, or returns `false` when the client sends too many. */
  tryConsume(isHeartbeat: boolean): boolean {
    const now = this.#clock.now();
    if (isHeartbeat && this.#heartbeats?.tryConsume(now) === true) return true;
    return this.#frames.tryConsume(now);
  }
}
