/**
 * The server's end of a WebSocket, with one thing `ws` does not offer: leaving a close handshake unanswered. It
 * also remembers who closed first.
 */
import { WebSocket } from 'ws';
import type { CloseFrame } from './close-frame.ts';

const NO_STATUS = 1005;

/** What a broken frame is closed with: where `ws` has a code of its own, Discord's. */
const CODES_FOR_BROKEN_FRAMES: ReadonlyMap<number, number> = new Map([
  [1002, 4002],
  [1007, 4002],
  [1009, 4002],
]);

export class PeerSocket extends WebSocket {
  /** Whether the client's close frame is answered. */
  answersCloses = true;
  /** The close frame with which the client began the close handshake. */
  clientClose: CloseFrame | null = null;
  /** The close frame with which this end began it. */
  serverClose: CloseFrame | null = null;
  /** Called when `clientClose` has come. */
  onClientClose: (frame: CloseFrame) => void = () => undefined;

  /** Begins the close handshake from this end. */
  closeFromServer(code?: number, reason = ''): void {
    if (this.readyState !== WebSocket.OPEN) return;
    this.serverClose = { code: code ?? NO_STATUS, reason };
    if (code === undefined) super.close();
    else super.close(code, reason);
  }

  /** Takes back what looked like a goodbye: `ws` has closed because a frame was broken. */
  markProtocolError(): void {
    if (this.clientClose === null) return;
    this.serverClose = {
      code: CODES_FOR_BROKEN_FRAMES.get(this.clientClose.code) ?? this.clientClose.code,
      reason: '',
    };
    this.clientClose = null;
  }

  /** `ws` calls this itself, to answer a close frame or to end a connection with a broken frame. */
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
