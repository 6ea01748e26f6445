/** One connection of a client, on the side of the gateway. */
import type { WebSocket } from 'ws';
import type { Compression } from '../../src/index.ts';
import { Encoder } from '../wire/encoder.ts';
import type { Frame } from '../wire/encoder.ts';
import { ReferenceDecoder } from '../wire/reference-decoder.ts';
import type { Decoded } from '../wire/reference-decoder.ts';

/** `ended`: the client must leave, and reads nothing more. */
export type PeerPhase = 'greeted' | 'ready' | 'ended';

export class Peer {
  readonly socket: WebSocket;
  readonly encoder: Encoder;
  readonly #decoder: ReferenceDecoder;
  phase: PeerPhase = 'greeted';
  /** Its compressed stream was changed on purpose, so that what follows can't be read for certain. */
  isCorrupted = false;
  /** Whether the client takes these bytes for a whole message. */
  accepts: (bytes: Buffer) => boolean = () => true;

  constructor(socket: WebSocket, compression: Compression, maxMessageBytes: number) {
    this.socket = socket;
    this.encoder = new Encoder(compression);
    this.#decoder = new ReferenceDecoder(compression, maxMessageBytes, (bytes) => this.accepts(bytes));
  }

  /** Whether the client waits for the rest of a message. */
  get isWaiting(): boolean {
    return this.#decoder.isWaiting;
  }

  /** Sends a message in one frame. Returns what it means to the client. */
  sendMessage(message: Buffer, isValid: boolean): Decoded {
    const frame = this.encoder.encode(message);
    if (!isValid || this.isWaiting || this.isCorrupted) return this.sendFrame(frame);
    this.#decoder.record(frame, message);
    this.#write(frame);
    return { messages: [message], isBroken: false };
  }

  /** @param pieces - in how many WebSocket frames the message is sent */
  sendFrame(frame: Frame, pieces = 1): Decoded {
    this.#write(frame, pieces);
    return this.#decoder.push(frame);
  }

  /** Sends what the client ignores, because it has left. */
  sendIgnored(message: Buffer): void {
    this.#write(this.encoder.encode(message));
  }

  /** Sends bytes that are no WebSocket frame. */
  sendRaw(bytes: Buffer): void {
    // The socket below the WebSocket, which `ws` keeps in this field.
    const below = Reflect.get(this.socket, '_socket') as { write(bytes: Buffer): void } | null;
    below?.write(bytes);
  }

  #write({ bytes, isBinary }: Frame, pieces = 1): void {
    if (this.socket.readyState !== this.socket.OPEN) return;
    const size = Math.max(1, Math.ceil(bytes.length / pieces));
    if (pieces === 1) return this.socket.send(bytes, { binary: isBinary });
    for (let at = 0; at < Math.max(1, bytes.length); at += size) {
      this.socket.send(bytes.subarray(at, at + size), { binary: isBinary, fin: at + size >= bytes.length });
      if (at % 3 === 0) this.socket.ping();
    }
  }
}
