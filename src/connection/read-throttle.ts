/**
 * Pauses a socket while a consumer falls behind, and when its frames keep the event loop busy for too long. A backlog
 * is read in portions, so that timers and other sockets have their turn in between.
 *
 * The ACK of a heartbeat is behind everything that waits on the socket, and unread it would look as if the gateway were
 * gone. So a consumer pauses the socket only for a while after a heartbeat, and then no more until the ACK is there.
 */
import type { Clock } from '../clock.ts';
import type { MessageWatch } from './message-watch.ts';
import type { WebSocketLike } from './web-socket-like.ts';

/** Why a socket is paused. */
type PauseReason = 'consumer' | 'yield';

/** How long the frames of one socket may keep the event loop busy. */
const MAX_BUSY_MS = 10;
/** If no frame was handled for this time, the event loop has had its turn. */
const IDLE_GAP_MS = 1;
/** A shorter time between frames that arrived together is work too: the socket's own. A longer one makes up for work. */
const SOCKET_WORK_MS = 0.1;

export class ReadThrottle {
  readonly #clock: Clock;
  readonly #socket: WebSocketLike;
  readonly #pauseReasons: Record<PauseReason, boolean> = { consumer: false, yield: false };
  readonly #watch: MessageWatch;
  #isWorking = false;
  #startedAt = 0;
  /** The work since the event loop had its turn. */
  #busyMs = 0;
  #idleSince = Number.NEGATIVE_INFINITY;
  #frames = 0;
  /** From when on the socket is read for an ACK; `null` when none is awaited. */
  #readForAckAt: number | null = null;
  #mustRead = false;
  #readingSince: number | null = Number.NEGATIVE_INFINITY;
  #ackTimer: unknown;
  #yieldTimer: unknown;
  #drainTimer: unknown;

  constructor(clock: Clock, socket: WebSocketLike, watch: MessageWatch) {
    this.#watch = watch;
    this.#clock = clock;
    this.#socket = socket;
  }

  pause(reason: PauseReason): void {
    this.#set(reason, true);
  }

  resume(reason: PauseReason): void {
    this.#set(reason, false);
  }

  /** Since when no consumer keeps the socket from being read; `null` while one does. */
  get readingSince(): number | null {
    return this.#readingSince;
  }

  /** Called when a heartbeat is sent. After `patienceMs` the socket is read for its ACK, whatever the consumer. */
  expectAck(patienceMs: number): void {
    this.#readForAckAt ??= this.#clock.now() + patienceMs;
    this.#update();
  }

  /** Called when no heartbeat awaits its ACK any more. */
  endAckWait(): void {
    this.#clock.clearTimeout(this.#drainTimer);
    this.#readForAckAt = null;
    this.#setMustRead(false);
  }

  /** Reads what waits for an ACK, and calls `onDrained` after a turn in which no frame arrived. An ACK ends it. */
  drain(onDrained: () => void): void {
    this.stop();
    this.#mustRead = true;
    this.#pauseReasons.yield = false;
    this.#noteReading();
    this.#socket.resume();
    const framesBefore = this.#frames;
    this.#drainTimer = this.#clock.setTimeout(() => {
      if (this.#frames === framesBefore) onDrained();
      else this.drain(onDrained);
    }, 0);
  }

  /** Whether a frame is being handled. The messages of an inflater in another thread come later. */
  get isWorking(): boolean {
    return this.#isWorking;
  }

  /** Called before a frame is handled. */
  startWork(now: number): void {
    this.#isWorking = true;
    this.#frames += 1;
    this.#startedAt = now;
    this.#watch.startMessage();
    const gapMs = now - this.#idleSince;
    if (gapMs > IDLE_GAP_MS) this.#busyMs = 0;
    else if (gapMs > SOCKET_WORK_MS) this.#busyMs = Math.max(0, this.#busyMs - gapMs);
    else this.#busyMs += gapMs;
  }

  /** Called after a frame was handled. Pauses the socket for a turn if it kept the event loop busy. */
  endWork(now: number): void {
    this.#isWorking = false;
    this.#idleSince = now;
    const workMs = now - this.#startedAt;
    this.#busyMs += workMs;
    if (workMs >= this.#watch.limitMs) this.#watch.endSlowMessage(this.#startedAt, now);
    if (this.#busyMs >= MAX_BUSY_MS && !this.#pauseReasons.yield) this.#yieldTurn();
  }

  /** Clears all timers. */
  stop(): void {
    this.#clock.clearTimeout(this.#yieldTimer);
    this.#clock.clearTimeout(this.#drainTimer);
    this.#clock.clearTimeout(this.#ackTimer);
  }

  get #isPaused(): boolean {
    return this.#pauseReasons.yield || (this.#pauseReasons.consumer && !this.#mustRead);
  }

  #set(reason: PauseReason, isPaused: boolean): void {
    const wasPaused = this.#isPaused;
    this.#pauseReasons[reason] = isPaused;
    this.#apply(wasPaused);
    if (reason === 'consumer') this.#update();
  }

  #setMustRead(mustRead: boolean): void {
    const wasPaused = this.#isPaused;
    this.#mustRead = mustRead;
    this.#apply(wasPaused);
    this.#update();
  }

  #noteReading(): void {
    if (this.#pauseReasons.consumer && !this.#mustRead) this.#readingSince = null;
    else this.#readingSince ??= this.#clock.now();
  }

  /** A timer runs only while a consumer pauses the socket and an ACK is awaited. */
  #update(): void {
    this.#noteReading();
    this.#clock.clearTimeout(this.#ackTimer);
    if (this.#readForAckAt === null || this.#mustRead || !this.#pauseReasons.consumer) return;
    const delayMs = Math.max(0, this.#readForAckAt - this.#clock.now());
    this.#ackTimer = this.#clock.setTimeout(() => this.#setMustRead(true), delayMs);
  }

  #apply(wasPaused: boolean): void {
    if (wasPaused === this.#isPaused) return;
    if (wasPaused) this.#socket.resume();
    else this.#socket.pause();
  }

  #yieldTurn(): void {
    this.pause('yield');
    this.#yieldTimer = this.#clock.setTimeout(() => {
      this.#busyMs = 0;
      this.resume('yield');
    }, 0);
  }
}
