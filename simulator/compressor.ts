/** Compresses synchronously, because zlib's asynchronous interface would take real time within virtual time. */
import { constants, createDeflate, createZstdCompress } from 'node:zlib';

interface NativeHandle {
  writeSync(
    flush: number,
    input: Buffer,
    at: number,
    length: number,
    output: Buffer,
    outputAt: number,
    outputLength: number,
  ): void;
}

const KINDS = {
  'zlib-stream': {
    flush: constants.Z_SYNC_FLUSH,
    create: () => createDeflate({ level: 1, memLevel: 5, chunkSize: 64 }),
  },
  'zstd-stream': { flush: constants.ZSTD_e_flush, create: () => createZstdCompress({ chunkSize: 64 }) },
} as const;

/** The same number for both formats. */
const NO_FLUSH = constants.Z_NO_FLUSH;

const scratch = Buffer.allocUnsafeSlow(1024 * 1024);

export class Compressor {
  readonly #flush: number;
  readonly #stream: ReturnType<(typeof KINDS)[keyof typeof KINDS]['create']>;
  readonly #handle: NativeHandle;

  constructor(kind: keyof typeof KINDS) {
    this.#flush = KINDS[kind].flush;
    this.#stream = KINDS[kind].create();
    this.#handle = Reflect.get(this.#stream, '_handle') as NativeHandle;
  }

  /** @param isFlushed - whether the message ends with a flush, as each message of Discord does */
  compress(message: string | Buffer, isFlushed = true): Buffer {
    const input = typeof message === 'string' ? Buffer.from(message) : message;
    this.#handle.writeSync(isFlushed ? this.#flush : NO_FLUSH, input, 0, input.length, scratch, 0, scratch.length);
    const [spaceLeft = 0] = Reflect.get(this.#stream, '_writeState') as Uint32Array;
    return Buffer.from(scratch.subarray(0, scratch.length - spaceLeft));
  }

  close(): void {
    this.#stream.close();
  }
}
