/** Decodes messages that are JSON as they are; what all decoders share. */
import { GatewayError } from '../protocol/errors.ts';
import type { Decoder, DecoderSink } from './decoder.ts';

const decodeFailed = (what: string, cause?: unknown): GatewayError =>
  new GatewayError('DECODE_FAILED', what, cause === undefined ? {} : { cause });

export class BaseDecoder implements Decoder {
  readonly #sink: DecoderSink;
  protected readonly maxBytes: number;
  #closed = false;
  /** What the sink threw, until everything it interrupted is done. */
  #sinkError: { error: unknown } | null = null;

  constructor(sink: DecoderSink, maxBytes: number) {
    this.#sink = sink;
    this.maxBytes = maxBytes;
  }

  write(data: Buffer, isBinary: boolean): void {
    this.decodeFrame(data, isBinary);
    this.rethrowSinkError();
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

  protected decodeFrame(data: Buffer, _isBinary: boolean): void {
    this.emit(data);
  }

  /** Hands out a message that must be one. */
  protected emit(bytes: Buffer): void {
    if (!this.tryEmit(bytes)) this.failNotJson();
  }

  /** Hands out what may be a message. A throw must not keep the rest of a frame from the context: it comes later. */
  protected tryEmit(bytes: Buffer): boolean {
    if (this.#closed) return true;
    if (bytes.length > this.maxBytes) {
      this.failTooLarge();
      return true;
    }
    try {
      return this.#sink.message(bytes);
    } catch (error) {
      this.#sinkError ??= { error };
      return true;
    }
  }

  /** Throws what the sink threw. */
  protected rethrowSinkError(): void {
    if (this.#sinkError === null) return;
    const { error } = this.#sinkError;
    this.#sinkError = null;
    throw error;
  }

  protected failTooLarge(): void {
    this.fail(`a message is larger than ${this.maxBytes} bytes`);
  }

  protected failNotJson(): void {
    this.fail('a message was not a JSON object');
  }

  protected fail(what: string, cause?: unknown): void {
    if (this.#closed) return;
    this.#closed = true;
    // The fault comes first: closing lets those go who wait for what was written.
    this.#sink.fault(decodeFailed(what, cause));
    this.close();
  }
}
