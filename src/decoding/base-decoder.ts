/**
 * The parts that all decoders share: the size limit, the order of faults, and what happens when a listener throws.
 * {@link JsonDecoder} adds nothing to them, because its frames are messages already.
 */
import { GatewayError } from '../protocol/errors.ts';

export interface DecoderSink {
  /**
   * Receives the UTF-8 bytes of one message and returns whether they were a message. The buffer is shared: the bytes
   * are only valid during the call.
   */
  message(bytes: Buffer): boolean;
  /** Called at most once; no message follows. */
  fault(error: GatewayError): void;
}

export interface Decoder {
  write(data: Buffer, isBinary: boolean): void;
  /** Calls `done` when every message written before has reached the sink. */
  flush(done: () => void): void;
  /** The sink receives nothing afterwards. Idempotent. */
  close(): void;
}

export abstract class BaseDecoder implements Decoder {
  readonly #sink: DecoderSink;
  protected readonly maxBytes: number;
  #closed = false;
  /** The first error that the sink threw during this frame. */
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

  protected abstract decodeFrame(data: Buffer, isBinary: boolean): void;

  /** Emits bytes that must be one whole message. */
  protected emit(bytes: Buffer): void {
    if (!this.tryEmit(bytes)) this.failNotJson();
  }

  /**
   * Emits bytes that may be a message, and returns whether they were one. An error of the sink is kept for later: the
   * compression context still needs the rest of the frame.
   */
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

  protected fail(message: string, cause?: unknown): void {
    if (this.#closed) return;
    this.#closed = true;
    // The fault comes first: close() runs the callbacks of flush().
    this.#sink.fault(decodeFailed(message, cause));
    this.close();
  }
}

/** Decodes connections without compression: every frame is one message. */
export class JsonDecoder extends BaseDecoder {
  protected override decodeFrame(data: Buffer): void {
    this.emit(data);
  }
}

const decodeFailed = (message: string, cause?: unknown): GatewayError =>
  new GatewayError('DECODE_FAILED', message, cause === undefined ? {} : { cause });
