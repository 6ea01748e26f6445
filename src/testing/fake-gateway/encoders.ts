/**
 * Turns messages into WebSocket frames, with one compression context per connection as Discord documents.
 * @see https://discord.com/developers/docs/events/gateway#transport-compression
 */
import * as zlib from 'node:zlib';

/** The content of a WebSocket message: text or binary. */
export type Frame = string | Uint8Array;

/** The transport compression in the query of a gateway URL. */
export type Transport = 'none' | 'zlib-stream' | 'zstd-stream';

export interface Encoder {
  /** Calls `done` with the frame, now or later. Encode the next message after that. */
  encode(text: string, done: (frame: Frame) => void): void;
  /** Returns a frame that no decoder can read. */
  brokenFrame(): Frame;
  destroy(): void;
}

/** An invalid block type for zlib, a wrong magic number or reserved block for zstd. Ends like a flushed message. */
const BROKEN_BYTES = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0xff, 0xff);
const BROKEN_TEXT = '{"t":"MESSAGE_CREATE","s":';

/** Encodes each message for itself: as text, or after {@link compressAbove} as a complete zlib stream. */
export class MessageEncoder implements Encoder {
  #minBytes = Infinity;

  /** @see https://discord.com/developers/docs/events/gateway#payload-compression */
  compressAbove(bytes: number): void {
    this.#minBytes = bytes;
  }

  encode(text: string, done: (frame: Frame) => void): void {
    done(this.#minBytes !== Infinity && Buffer.byteLength(text) >= this.#minBytes ? zlib.deflateSync(text) : text);
  }

  brokenFrame(): Frame {
    return this.#minBytes === Infinity ? BROKEN_TEXT : BROKEN_BYTES;
  }

  destroy(): void {
    this.#minBytes = Infinity;
  }
}

const COMPRESSORS = {
  'zlib-stream': () => zlib.createDeflate({ flush: zlib.constants.Z_SYNC_FLUSH }),
  'zstd-stream': () => zlib.createZstdCompress({ flush: zlib.constants.ZSTD_e_flush }),
} as const;

/** Encodes all messages of a connection into one compressed stream, flushed after each message. */
export class StreamEncoder implements Encoder {
  readonly #compressor: ReturnType<(typeof COMPRESSORS)[keyof typeof COMPRESSORS]>;
  #chunks: Buffer[] = [];

  constructor(transport: keyof typeof COMPRESSORS) {
    this.#compressor = COMPRESSORS[transport]();
    this.#compressor.on('readable', () => this.#collectChunks());
    this.#compressor.on('error', () => undefined);
  }

  encode(text: string, done: (frame: Frame) => void): void {
    this.#compressor.write(text, (error) => {
      if (error) return;
      this.#collectChunks();
      const frame = Buffer.concat(this.#chunks);
      this.#chunks = [];
      done(frame);
    });
  }

  brokenFrame(): Frame {
    return BROKEN_BYTES;
  }

  destroy(): void {
    this.#compressor.destroy();
  }

  #collectChunks(): void {
    for (let chunk: unknown = this.#compressor.read(); Buffer.isBuffer(chunk); chunk = this.#compressor.read()) {
      this.#chunks.push(chunk);
    }
  }
}
