/**
 * Decides whether a socket is read: not while a consumer can't keep up, and not for longer than its share of a turn
 * of the event loop. A backlog is worked off in stints, in order; in between, timers and other sockets have theirs.
 */
import type { Clock } from '../clock.ts';
import type { WebSocketLike } from './web-socket.ts';

/** Why a socket is not read. */
type PauseReason = 'consumer' | 'yield';

/** How long a socket may be worked on without a rest. */
const MAX_BUSY_MS = 10;
/** When nothing was to be done for so long, the event loop has had its turn. */
const IDLE_GAP_MS = 1;

export class ReadThrottle {
  readonly #clock: Clock;
  readonly #socket: WebSocketLike;
  readonly #pauseReasons: Record<PauseReason, boolean> = { consumer: false, yield: false };
  #busySince = 0;
  #idleSince = Number.NEGATIVE_INFINITY;
  #frames = 0;
  #yieldTimer: unknown;
  #drainTimer: unknown;

  constructor(clock: Clock, socket: WebSocketLike) {
    this.#clock = clock;
    this.#socket = socket;
  }

  pause(reason: PauseReason): void {
    if (!this.#isPaused) this.#socket.pause();
    this.#pauseReasons[reason] = true;
  }

  resume(reason: PauseReason): void {
    if (!this.#pauseReasons[reason]) return;
    this.#pauseReasons[reason] = false;
    if (!this.#isPaused) this.#socket.resume();
  }

  /** Reads, whatever the reasons to pause. */
  forceResume(): void {
    this.stop();
    this.#pauseReasons.consumer = false;
    this.#pauseReasons.yield = false;
    this.#socket.resume();
  }

  /** Forces reading, and calls `onDrained` after a turn in which no frame arrived. */
  drain(onDrained: () => void): void {
    this.forceResume();
    const framesBefore = this.#frames;
    this.#drainTimer = this.#clock.setTimeout(() => {
      if (this.#frames === framesBefore) onDrained();
      else this.drain(onDrained);
    }, 0);
  }

  /** Work on a frame begins at `now`. */
  startWork(now: number): void {
    this.#frames += 1;
    if (now - this.#idleSince > IDLE_GAP_MS) this.#busySince = now;
  }

  /** Work on it has ended at `now`. */
  endWork(now: number): void {
    this.#idleSince = now;
    if (now - this.#busySince >= MAX_BUSY_MS && !this.#pauseReasons.yield) this.#yieldTurn();
  }

  /** Sets no more timers. */
  stop(): void {
    this.#clock.clearTimeout(this.#yieldTimer);
    this.#clock.clearTimeout(this.#drainTimer);
  }

  get #isPaused(): boolean {
    return this.#pauseReasons.consumer || this.#pauseReasons.yield;
  }

  #yieldTurn(): void {
    this.pause('yield');
    this.#yieldTimer = this.#clock.setTimeout(() => {
      this.#busySince = this.#clock.now();
      this.resume('yield');
    }, 0);
  }
}
