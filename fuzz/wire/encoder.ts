/** The compression of one connection on the side of the gateway. Not the library's: a judge shares no code. */
import { isUtf8 } from 'node:buffer';
import { deflateSync } from 'node:zlib';
import { Compressor } from '../../simulator/compressor.ts';
import type { Compression } from '../../src/index.ts';

export interface Frame {
  readonly bytes: Buffer;
  readonly isBinary: boolean;
}

export class Encoder {
  readonly compression: Compression;
  readonly #compressor: Compressor | null;

  constructor(compression: Compression) {
    this.compression = compression;
    this.#compressor =
      compression === 'zlib-stream' || compression === 'zstd-stream' ? new Compressor(compression) : null;
  }

  get isStream(): boolean {
    return this.#compressor !== null;
  }

  encode(message: Buffer): Frame {
    if (this.#compressor !== null) return { bytes: this.#compressor.compress(message), isBinary: true };
    return this.compression === 'payload'
      ? { bytes: deflateSync(message, { level: 1 }), isBinary: true }
      : // A text frame must be UTF-8.
        { bytes: message, isBinary: !isUtf8(message) };
  }

  /** Compresses a message into a stream without the flush at its end. What it returns may be empty. */
  encodeUnflushed(message: Buffer): Buffer {
    return this.#compressor?.compress(message, false) ?? message;
  }

  close(): void {
    this.#compressor?.close();
  }
}
