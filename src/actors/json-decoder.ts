/** Decodes messages that stand alone: JSON as it is, and JSON compressed message by message. */
import { inflateSync } from 'node:zlib';
import { GatewayError } from '../protocol/errors.ts';
import type { Decoder, DecoderSink } from './decoder.ts';

const decodeFailed = (what: string, cause?: unknown): GatewayError =>
  new GatewayError('DECODE_FAILED', what, cause === undefined ? {} : { cause });

export const reasonOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));

/** JSON in each frame, and what all decoders share. */
export class JsonDecoder implements Decoder {
  readonly #sink: DecoderSink;
  #closed = false;

  constructor(sink: DecoderSink) {
    this.#sink = sink;
  }

  write(data: Buffer, _isBinary: boolean): void {
    this.deliver(data);
  }

  flush(done: () => void): void {
    done();
  }

  close(): void {
    this.#closed = true;
  }

  protected get closed(): boolean {
    return this.#closed;
  }

  /** Hands out a message that must be one. */
  protected deliver(bytes: Buffer): void {
    if (!this.offer(bytes)) this.fail('a message was not a JSON object');
  }

  /** Hands out what may be a message. */
  protected offer(bytes: Buffer): boolean {
    return this.#closed || this.#sink.message(bytes);
  }

  protected fail(what: string, cause?: unknown): void {
    if (this.#closed) return;
    this.close();
    this.#sink.fault(decodeFailed(what, cause));
  }
}

/** Binary frames are whole zlib streams of their own. */
export class PayloadDecoder extends JsonDecoder {
  readonly #maxBytes: number;

  constructor(sink: DecoderSink, maxBytes: number) {
    super(sink);
    this.#maxBytes = maxBytes;
  }

  override write(data: Buffer, isBinary: boolean): void {
    if (!isBinary) return super.write(data, isBinary);
    let bytes: Buffer;
    try {
      bytes = inflateSync(data, { maxOutputLength: this.#maxBytes });
    } catch (cause) {
      return this.fail(`a compressed message could not be inflated: ${reasonOf(cause)}`, cause);
    }
    this.deliver(bytes);
  }
}
