/**
 * The close handshake of one socket, from the close frame of the shard to the end of the socket. The gateway may close
 * with its own code at the same time, or late. Whoever waits for the socket learns of that code.
 */
import type { Clock } from '../clock.ts';
import { CLOSED, OPEN, closeSocket } from './web-socket.ts';
import type { WebSocketLike } from './web-socket-like.ts';

/** What the gateway said when it closed. */
export interface CloseFrame {
  readonly code: number;
  readonly reason: string;
}

/** Called with the close frame of the gateway; `null` if it only answers that of the shard. */
export type CloseListener = (own: CloseFrame | null) => void;

/** The code of a socket that was closed without a close frame. */
const NO_CLOSE_FRAME = 1006;

/** How long a socket that was terminated may take to say that it has ended; `ws` takes a few turns of the event loop. */
const TERMINATED_WITHIN_MS = 100;

const ignored = (): void => undefined;

export class CloseHandshake {
  readonly #socket: WebSocketLike;
  readonly #clock: Clock;
  #isRunning = false;
  #onClosed: CloseListener = ignored;
  #timer: unknown;
  /** The close frame of the gateway while the machine does not know of it: messages before it may still be inflated. */
  unreported: CloseFrame | null = null;

  constructor(socket: WebSocketLike, clock: Clock) {
    this.#socket = socket;
    this.#clock = clock;
  }

  /** Closes the socket, without a close frame when `code` is `null`. */
  start(code: number | null, reason: string, onClosed: CloseListener): void {
    this.#clock.clearTimeout(this.#timer);
    this.#onClosed = onClosed;
    const end = (frame: CloseFrame | null): void =>
      this.#end(frame?.code === code || frame?.code === NO_CLOSE_FRAME ? null : frame);
    if (this.#socket.readyState === CLOSED) return end(this.unreported);
    this.#socket.on('close', (closedWith, why) => end({ code: closedWith, reason: why.toString() }));
    this.#isRunning = code !== null && this.#socket.readyState === OPEN;
    closeSocket(this.#socket, code, reason);
  }

  /** Calls `onClosed` instead of the listener of {@link start}; at once when the handshake is not running. */
  whenOver(onClosed: CloseListener): void {
    if (this.#isRunning) this.#onClosed = onClosed;
    else onClosed(null);
  }

  /** Terminates the socket: at once, or so that a handshake that is running is over after `patienceMs`. */
  limit(patienceMs: number): void {
    if (!this.#isRunning) return this.terminate();
    const endMs = Math.min(patienceMs, TERMINATED_WITHIN_MS);
    this.#timer = this.#clock.setTimeout(() => {
      // A close frame may have arrived although the gateway keeps the TCP connection: the socket says so when it ends.
      this.#timer = this.#clock.setTimeout(() => this.#end(null), endMs);
      if (this.#socket.readyState !== CLOSED) this.#socket.terminate();
    }, patienceMs - endMs);
  }

  terminate(): void {
    this.#isRunning = false;
    this.#clock.clearTimeout(this.#timer);
    if (this.#socket.readyState !== CLOSED) this.#socket.terminate();
  }

  #end(own: CloseFrame | null): void {
    this.#clock.clearTimeout(this.#timer);
    this.#isRunning = false;
    this.unreported = null;
    const onClosed = this.#onClosed;
    this.#onClosed = ignored;
    onClosed(own);
  }
}
