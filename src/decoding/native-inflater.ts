/**
 * Inflates synchronously, with the native handle behind the streams of `node:zlib`, into one buffer that all contexts
 * share. The handle is not public API, so `sync-inflater-self-test.ts` checks that it behaves as expected here.
 */
import * as zlib from 'node:zlib';
import type { Inflate, ZstdDecompress } from 'node:zlib';

export type StreamKind = 'zlib' | 'zstd';

export class TooLargeError extends Error {
  constructor(maxBytes: number) {
    super(`a message inflates to more than ${maxBytes} bytes`);
  }
}

/** The compressor closed its context, and the bytes that followed begin no other. */
export class StreamEndedError extends Error {
  constructor() {
    super('the compressed stream ended, but more bytes followed');
  }
}

interface NativeHandle {
  onerror: (message: string, errno: number, code: string) => void;
  writeSync(
    flush: number,
    input: Buffer,
    inputOffset: number,
    inputLength: number,
    output: Buffer,
    outputOffset: number,
    outputLength: number,
  ): void;
  reset(): void;
}

/** The min chunk size of Node: the output buffer of the stream is not used. */
const MIN_CHUNK_BYTES = 64;

const SYNC_FLUSH: Readonly<Record<StreamKind, number>> = { zlib: 2, zstd: 1 };
/** zlib only: the input is complete, and a stream that does not end with it is an error. */
const ZLIB_FINISH = 4;

const SCRATCH_BYTES = 256 * 1024;
/** All contexts inflate into this one buffer, one message at a time. */
let scratch: Buffer | null = null;

/** A listener of one message may cause another to be decoded, which must not overwrite it: it gets a new buffer. */
export function acquireScratch(): Buffer {
  const acquired = scratch ?? Buffer.allocUnsafeSlow(SCRATCH_BYTES);
  scratch = null;
  return acquired;
}

export function releaseScratch(acquired: Buffer): void {
  scratch = acquired;
}

export class NativeInflater {
  readonly #kind: StreamKind;
  readonly #stream: Inflate | ZstdDecompress;
  readonly #handle: NativeHandle;
  /** Set by each write: the output space left, and the input left. */
  readonly #state: Uint32Array;
  #closed = false;
  #error: Error | null = null;

  constructor(kind: StreamKind) {
    this.#kind = kind;
    const options = { chunkSize: MIN_CHUNK_BYTES };
    this.#stream = kind === 'zlib' ? zlib.createInflate(options) : zlib.createZstdDecompress(options);
    this.#handle = Reflect.get(this.#stream, '_handle') as NativeHandle;
    this.#state = Reflect.get(this.#stream, '_writeState') as Uint32Array;
    this.#handle.onerror = (message, _errno, code) => {
      this.#error = Object.assign(new Error(message), { code });
    };
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Inflates a part of a stream into `into`, or into a larger buffer if needed. Throws the error of zlib. */
  inflate(input: Buffer, into: Buffer, maxBytes: number): Buffer {
    return this.#inflate(input, into, maxBytes, SYNC_FLUSH[this.#kind]);
  }

  /** Inflates a complete zlib stream. After an error this inflater must not be used again. */
  inflateWhole(input: Buffer, into: Buffer, maxBytes: number): Buffer {
    const output = this.#inflate(input, into, maxBytes, ZLIB_FINISH);
    this.#handle.reset();
    return output;
  }

  /** Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stream.close();
  }

  #inflate(input: Buffer, into: Buffer, maxBytes: number, flush: number): Buffer {
    // Writing to a closed handle aborts the process.
    if (this.#closed) throw new StreamEndedError();
    let output = into;
    let written = 0;
    let inputOffset = 0;
    for (;;) {
      const space = output.length - written;
      const inputLeft = input.length - inputOffset;
      this.#handle.writeSync(flush, input, inputOffset, inputLeft, output, written, space);
      if (this.#error !== null) throw this.#error;
      const spaceAfter = this.#state[0] ?? 0;
      const inputAfter = this.#state[1] ?? 0;
      inputOffset = input.length - inputAfter;
      written = output.length - spaceAfter;
      if (written > maxBytes) throw new TooLargeError(maxBytes);
      if (spaceAfter === 0) output = enlarge(output, written, maxBytes);
      else if (inputAfter === 0 || flush === ZLIB_FINISH) break;
      // Input is left over when a context has ended: zstd begins another with the next bytes, zlib ignores them.
      else if (inputAfter === inputLeft && spaceAfter === space) throw new StreamEndedError();
    }
    return output.subarray(0, written);
  }
}

/** Returns a larger buffer for one large message; it is not kept. */
function enlarge(output: Buffer, written: number, maxBytes: number): Buffer {
  const larger = Buffer.allocUnsafeSlow(Math.min(output.length * 2, maxBytes + 1));
  output.copy(larger, 0, 0, written);
  return larger;
}
