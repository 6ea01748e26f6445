/**
 * The server's end of a WebSocket. Beyond `ws` it can leave a close frame unanswered, end without one when everything has
 * been read, and it remembers which side closed first.
 */
import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import type { CloseFrame } from './fake-types.ts';

const NO_STATUS = 1005;

/** Replaces the close codes of `ws` for a broken frame by Discord's. */
const CODES_FOR_BROKEN_FRAMES: ReadonlyMap<number, number> = new Map([
  [1002, 4002],
  [1007, 4002],
  [1009, 4002],
]);

export class PeerSocket extends WebSocket {
  /** The TCP connection. */
  stream: Duplex | null = null;
  /** Whether this end answers the client's close frame. */
  answersCloses = true;
  /** The close frame with which the client began the close handshake; `null` if it did not. */
  clientClose: CloseFrame | null = null;
  /** The close frame with which this end began the close handshake; `null` if it did not. */
  serverClose: CloseFrame | null = null;
  /** Called when the client has begun the close handshake. */
  onClientClose: (frame: CloseFrame) => void = () => undefined;

  /** Begins the close handshake from this end. */
  closeFromServer(code?: number, reason = ''): void {
    if (this.readyState !== WebSocket.OPEN) return;
    this.serverClose = { code: code ?? NO_STATUS, reason };
    if (code === undefined) super.close();
    else super.close(code, reason);
  }

  /** Whether a frame can still be sent. */
  get isSendable(): boolean {
    return this.readyState === WebSocket.OPEN && this.stream?.writableEnded !== true;
  }

  /** Ends the TCP connection without a close frame. The client still reads what was sent: `terminate()` may discard it. */
  end(): void {
    this.stream?.end();
  }

  /** Corrects the record when `ws` has closed because a frame was broken: this end closed, not the client. */
  markProtocolError(): void {
    if (this.clientClose === null) return;
    this.serverClose = {
      code: CODES_FOR_BROKEN_FRAMES.get(this.clientClose.code) ?? this.clientClose.code,
      reason: '',
    };
    this.clientClose = null;
  }

  /** Called by `ws`, to answer a close frame or to end a connection with a broken frame. */
  override close(code?: number, data?: string | Buffer): void {
    if (this.serverClose === null && this.clientClose === null) {
      this.clientClose = { code: code ?? NO_STATUS, reason: data === undefined ? '' : data.toString() };
      this.onClientClose(this.clientClose);
    }
    if (!this.answersCloses && this.serverClose === null) return;
    if (code === undefined) super.close();
    else super.close(CODES_FOR_BROKEN_FRAMES.get(code) ?? code, data);
  }
}
