/**
 * How messages become WebSocket frames: one compression context per connection, as the documentation wants it.
 * @see https://discord.com/developers/docs/events/gateway#transport-compression
 */
import { constants, createDeflate, createZstdCompress, deflateSync } from 'node:zlib';

/** What a WebSocket message carries: text, or binary. */
export type Frame = string | Uint8Array;

/** Transport compression as the query of the URL asks for it. */
export type Transport = 'none' | 'zlib-stream' | 'zstd-stream';

export interface Encoder {
  /** Calls `done` with the frame, now or later; the next message must wait for it. */
  encode(text: string, done: (frame: Frame) => void): void;
  /** A frame no decoder can make sense of. */
  brokenFrame(): Frame;
  destroy(): void;
}

/** An impossible block type for zlib, a wrong magic number or reserved block for zstd; ends like a flushed message. */
const BROKEN_BYTES = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0xff, 0xff);
const BROKEN_TEXT = '{"t":"MESSAGE_CREATE","s":';

/** Messages one by one: text, or after {@link compressAbove} whole zlib streams of their own. */
export class MessageEncoder implements Encoder {
  #minBytes = Infinity;

  /** @see https://discord.com/developers/docs/events/gateway#payload-compression */
  compressAbove(bytes: number): void {
    this.#minBytes = bytes;
  }

  encode(text: string, done: (frame: Frame) => void): void {
    done(this.#minBytes !== Infinity && Buffer.byteLength(text) >= this.#minBytes ? deflateSync(text) : text);
  }

  brokenFrame(): Frame {
    return this.#minBytes === Infinity ? BROKEN_TEXT : BROKEN_BYTES;
  }

  destroy(): void {
    this.#minBytes = Infinity;
  }
}

const COMPRESSORS = {
  'zlib-stream': () => createDeflate({ flush: constants.Z_SYNC_FLUSH }),
  'zstd-stream': () => createZstdCompress({ flush: constants.ZSTD_e_flush }),
} as const;

/** All messages of a connection in one compressed stream, flushed after each. */
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
