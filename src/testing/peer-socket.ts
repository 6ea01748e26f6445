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
  goodbye: CloseFrame | null = null;
  /** The close frame with which this end began it. */
  ours: CloseFrame | null = null;
  /** Called when `goodbye` has come. */
  onGoodbye: (frame: CloseFrame) => void = () => undefined;

  /** Begins the close handshake from this end. */
  shut(code?: number, reason = ''): void {
    if (this.readyState !== WebSocket.OPEN) return;
    this.ours = { code: code ?? NO_STATUS, reason };
    if (code === undefined) super.close();
    else super.close(code, reason);
  }

  /** Takes back what looked like a goodbye: `ws` has closed because a frame was broken. */
  blame(): void {
    if (this.goodbye === null) return;
    this.ours = { code: CODES_FOR_BROKEN_FRAMES.get(this.goodbye.code) ?? this.goodbye.code, reason: '' };
    this.goodbye = null;
  }

  /** `ws` calls this itself, to answer a close frame or to end a connection with a broken frame. */
  override close(code?: number, data?: string | Buffer): void {
    if (this.ours === null && this.goodbye === null) {
      this.goodbye = { code: code ?? NO_STATUS, reason: data === undefined ? '' : data.toString() };
      this.onGoodbye(this.goodbye);
    }
    if (!this.answersCloses && this.ours === null) return;
    if (code === undefined) super.close();
    else super.close(CODES_FOR_BROKEN_FRAMES.get(code) ?? code, data);
  }
}
