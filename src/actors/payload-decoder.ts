/** Decodes messages that are compressed one by one: binary frames are whole zlib streams of their own. */
import { inflateSync } from 'node:zlib';
import { reasonOf } from '../protocol/errors.ts';
import type { DecoderSink } from './decoder.ts';
import { JsonDecoder } from './json-decoder.ts';
import { NativeInflater, borrowScratch, returnScratch } from './native-inflater.ts';
import { syncInflaterWorks } from './sync-inflater-check.ts';

/** Serves all connections: a message leaves nothing behind in it. */
let shared: NativeInflater | null = null;

function inflateNatively(data: Buffer, into: Buffer, maxBytes: number): Buffer {
  const inflater = shared ?? new NativeInflater('zlib');
  shared = null;
  try {
    const output = inflater.inflateWhole(data, into, maxBytes);
    shared = inflater;
    return output;
  } finally {
    if (shared === null) inflater.close();
  }
}

const inflatePublicly = (data: Buffer, _into: Buffer, maxBytes: number): Buffer =>
  inflateSync(data, { maxOutputLength: maxBytes });

export class PayloadDecoder extends JsonDecoder {
  readonly #inflate: typeof inflateNatively;

  constructor(sink: DecoderSink, maxBytes: number, codec?: 'sync' | 'stream') {
    super(sink, maxBytes);
    const isSync = codec === undefined ? syncInflaterWorks('payload') : codec === 'sync';
    this.#inflate = isSync ? inflateNatively : inflatePublicly;
  }

  protected override take(data: Buffer, isBinary: boolean): void {
    if (!isBinary || this.closed) return super.take(data, isBinary);
    const scratch = borrowScratch();
    try {
      const bytes = this.#inflated(data, scratch);
      if (bytes !== null) this.deliver(bytes);
    } finally {
      returnScratch(scratch);
    }
  }

  #inflated(data: Buffer, scratch: Buffer): Buffer | null {
    try {
      return this.#inflate(data, scratch, this.maxBytes);
    } catch (cause) {
      this.fail(`a compressed message could not be inflated: ${reasonOf(cause)}`, cause);
      return null;
    }
  }
}
