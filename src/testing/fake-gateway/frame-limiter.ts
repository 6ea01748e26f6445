/**
 * Counts what a client sends: 120 frames in any 60 seconds, heartbeats included.
 * @see https://discord.com/developers/docs/events/gateway#rate-limiting
 */
import type { Clock } from '../../clock.ts';

const WINDOW_MS = 60_000;
const MAX_FRAMES = 120;
/** Below this announced interval the beats alone could fill the window, so they get one of their own. */
const SEPARATE_WINDOW_BELOW_MS = 1000;

class SlidingWindow {
  readonly #max: number;
  #times: number[] = [];

  constructor(max: number) {
    this.#max = max;
  }

  /** Whether one more is allowed; if so it is counted. */
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
  readonly #frames = new SlidingWindow(MAX_FRAMES);
  readonly #heartbeats: SlidingWindow | null;

  constructor(clock: Clock, heartbeatIntervalMs: number) {
    this.#clock = clock;
    const heartbeatsPerWindow = WINDOW_MS / heartbeatIntervalMs;
    this.#heartbeats =
      heartbeatIntervalMs < SEPARATE_WINDOW_BELOW_MS ? new SlidingWindow(Math.ceil(heartbeatsPerWindow * 2)) : null;
  }

  /** Whether this frame is within the limit. */
  tryConsume(isHeartbeat: boolean): boolean {
    const now = this.#clock.now();
    if (isHeartbeat && this.#heartbeats?.tryConsume(now) === true) return true;
    return this.#frames.tryConsume(now);
  }
}
