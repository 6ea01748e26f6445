/**
 * Pauses a socket while a consumer falls behind, and when its frames keep the event loop busy for too long. A backlog
 * is read in portions, so that timers and other sockets have their turn in between.
 *
 * While a heartbeat awaits its ACK, no consumer pauses the socket. The ACK is behind everything that waits there, and
 * unread it would look as if the gateway were gone.
 */
import type { Clock } from '../clock.ts';
import type { WebSocketLike } from './web-socket.ts';

/** Why a socket is paused. */
type PauseReason = 'consumer' | 'yield';

/** How long the frames of one socket may keep the event loop busy. */
const MAX_BUSY_MS = 10;
/** If no frame was handled for this time, the event loop has had its turn. */
const IDLE_GAP_MS = 1;

export class ReadThrottle {
  readonly #clock: Clock;
  readonly #socket: WebSocketLike;
  readonly #pauseReasons: Record<PauseReason, boolean> = { consumer: false, yield: false };
  #busySince = 0;
  #idleSince = Number.NEGATIVE_INFINITY;
  #frames = 0;
  #awaitsAck = false;
  #yieldTimer: unknown;
  #drainTimer: unknown;

  constructor(clock: Clock, socket: WebSocketLike) {
    this.#clock = clock;
    this.#socket = socket;
  }

  pause(reason: PauseReason): void {
    const wasPaused = this.#isPaused;
    this.#pauseReasons[reason] = true;
    this.#apply(wasPaused);
  }

  resume(reason: PauseReason): void {
    const wasPaused = this.#isPaused;
    this.#pauseReasons[reason] = false;
    this.#apply(wasPaused);
  }

  /** Called when a heartbeat is sent, and at each ACK. */
  setAwaitsAck(awaitsAck: boolean): void {
    const wasPaused = this.#isPaused;
    this.#awaitsAck = awaitsAck;
    if (!awaitsAck) this.#clock.clearTimeout(this.#drainTimer);
    this.#apply(wasPaused);
  }

  /** Reads what waits for an ACK, and calls `onDrained` after a turn in which no frame arrived. An ACK ends it. */
  drain(onDrained: () => void): void {
    this.stop();
    this.#awaitsAck = true;
    this.#pauseReasons.yield = false;
    this.#socket.resume();
    const framesBefore = this.#frames;
    this.#drainTimer = this.#clock.setTimeout(() => {
      if (this.#frames === framesBefore) onDrained();
      else this.drain(onDrained);
    }, 0);
  }

  /** Called before a frame is handled. */
  startWork(now: number): void {
    this.#frames += 1;
    if (now - this.#idleSince > IDLE_GAP_MS) this.#busySince = now;
  }

  /** Called after a frame was handled. Pauses the socket for a turn if it kept the event loop busy. */
  endWork(now: number): void {
    this.#idleSince = now;
    if (now - this.#busySince >= MAX_BUSY_MS && !this.#pauseReasons.yield) this.#yieldTurn();
  }

  /** Clears all timers. */
  stop(): void {
    this.#clock.clearTimeout(this.#yieldTimer);
    this.#clock.clearTimeout(this.#drainTimer);
  }

  get #isPaused(): boolean {
    return this.#pauseReasons.yield || (this.#pauseReasons.consumer && !this.#awaitsAck);
  }

  #apply(wasPaused: boolean): void {
    if (wasPaused === this.#isPaused) return;
    if (wasPaused) this.#socket.resume();
    else this.#socket.pause();
  }

  #yieldTurn(): void {
    this.pause('yield');
    this.#yieldTimer = this.#clock.setTimeout(() => {
      this.#busySince = this.#clock.now();
      this.resume('yield');
    }, 0);
  }
}
