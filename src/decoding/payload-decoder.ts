/** Decodes messages that are compressed one by one: binary frames are whole zlib streams of their own. */
import { inflateSync } from 'node:zlib';
import { messageOf } from '../protocol/errors.ts';
import type { DecoderSink } from './decoder.ts';
import { BaseDecoder } from './base-decoder.ts';
import { NativeInflater, acquireScratch, releaseScratch } from './native-inflater.ts';
import { isSyncInflateTrusted } from './sync-inflater-self-test.ts';

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

export class PayloadDecoder extends BaseDecoder {
  readonly #inflate: typeof inflateNatively;

  constructor(sink: DecoderSink, maxBytes: number, codec?: 'sync' | 'stream') {
    super(sink, maxBytes);
    const isSync = codec === undefined ? isSyncInflateTrusted('payload') : codec === 'sync';
    this.#inflate = isSync ? inflateNatively : inflatePublicly;
  }

  protected override decodeFrame(data: Buffer, isBinary: boolean): void {
    if (!isBinary || this.closed) return super.decodeFrame(data, isBinary);
    const scratch = acquireScratch();
    try {
      const bytes = this.#tryInflate(data, scratch);
      if (bytes !== null) this.emit(bytes);
    } finally {
      releaseScratch(scratch);
    }
  }

  #tryInflate(data: Buffer, scratch: Buffer): Buffer | null {
    try {
      return this.#inflate(data, scratch, this.maxBytes);
    } catch (cause) {
      this.fail(`a compressed message could not be inflated: ${messageOf(cause)}`, cause);
      return null;
    }
  }
}
