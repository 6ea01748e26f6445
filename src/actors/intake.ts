/**
 * Decides whether a socket is read: not while a consumer can't keep up, and not for longer than its share of a turn
 * of the event loop. A backlog is worked off in stints, in order; in between, timers and other sockets have theirs.
 */
import type { Clock } from '../clock.ts';
import type { WebSocketLike } from './web-socket.ts';

/** Why a socket is not read. */
type Hold = 'consumer' | 'rest';

/** How long a socket may be worked on without a rest. */
const STINT_MS = 10;
/** Frames further apart are not of one backlog. One frame hardly takes so long. */
const GAP_MS = 50;

export class Intake {
  readonly #clock: Clock;
  readonly #socket: WebSocketLike;
  readonly #holds = new Set<Hold>();
  #stintSince = 0;
  #lastFrameAt = Number.NEGATIVE_INFINITY;
  #restTimer: unknown;

  constructor(clock: Clock, socket: WebSocketLike) {
    this.#clock = clock;
    this.#socket = socket;
  }

  hold(by: Hold): void {
    if (this.#holds.size === 0) this.#socket.pause();
    this.#holds.add(by);
  }

  release(by: Hold): void {
    if (this.#holds.delete(by) && this.#holds.size === 0) this.#socket.resume();
  }

  /** Reads on, whoever is against it. */
  open(): void {
    this.stop();
    this.#holds.clear();
    this.#socket.resume();
  }

  /** A frame came at `now`. */
  frame(now: number): void {
    if (now - this.#lastFrameAt > GAP_MS) this.#stintSince = now;
    this.#lastFrameAt = now;
    if (now - this.#stintSince >= STINT_MS && !this.#holds.has('rest')) this.#rest();
  }

  /** Sets no more timers. */
  stop(): void {
    this.#clock.clearTimeout(this.#restTimer);
  }

  #rest(): void {
    this.hold('rest');
    this.#restTimer = this.#clock.setTimeout(() => {
      this.#stintSince = this.#clock.now();
      this.release('rest');
    }, 0);
  }
}
