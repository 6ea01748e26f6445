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
/** When nothing was to be done for so long, the event loop has had its turn. */
const IDLE_MS = 1;

export class Intake {
  readonly #clock: Clock;
  readonly #socket: WebSocketLike;
  readonly #holds: Record<Hold, boolean> = { consumer: false, rest: false };
  #stintSince = 0;
  #idleSince = Number.NEGATIVE_INFINITY;
  #restTimer: unknown;

  constructor(clock: Clock, socket: WebSocketLike) {
    this.#clock = clock;
    this.#socket = socket;
  }

  hold(by: Hold): void {
    if (!this.#isHeld) this.#socket.pause();
    this.#holds[by] = true;
  }

  release(by: Hold): void {
    if (!this.#holds[by]) return;
    this.#holds[by] = false;
    if (!this.#isHeld) this.#socket.resume();
  }

  /** Reads on, whoever is against it. */
  open(): void {
    this.stop();
    this.#holds.consumer = false;
    this.#holds.rest = false;
    this.#socket.resume();
  }

  /** Work on a frame begins at `now`. */
  begin(now: number): void {
    if (now - this.#idleSince > IDLE_MS) this.#stintSince = now;
  }

  /** Work on it has ended at `now`. */
  done(now: number): void {
    this.#idleSince = now;
    if (now - this.#stintSince >= STINT_MS && !this.#holds.rest) this.#rest();
  }

  /** Sets no more timers. */
  stop(): void {
    this.#clock.clearTimeout(this.#restTimer);
  }

  get #isHeld(): boolean {
    return this.#holds.consumer || this.#holds.rest;
  }

  #rest(): void {
    this.hold('rest');
    this.#restTimer = this.#clock.setTimeout(() => {
      this.#stintSince = this.#clock.now();
      this.release('rest');
    }, 0);
  }
}
