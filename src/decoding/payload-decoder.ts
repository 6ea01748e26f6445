/** Decodes messages that are compressed one by one: each binary frame is a complete zlib stream. */
import { inflateSync } from 'node:zlib';
import { messageOf } from '../protocol/network-errors.ts';
import { BaseDecoder } from './base-decoder.ts';
import type { DecoderSink } from './base-decoder.ts';
import { NativeInflater, acquireScratch, releaseScratch } from './native-inflater.ts';
import { isSyncInflateTrusted } from './sync-inflater-self-test.ts';

/** One inflater for all connections: no state is left in it after a message. */
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
    if (!isBinary || this.closed) return this.emit(data);
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
