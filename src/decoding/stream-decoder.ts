/** Decodes transports that compress all messages of a connection in one context. */
import { messageOf } from '../protocol/network-errors.ts';
import { fieldsOf } from '../protocol/validation.ts';
import { StreamInflater, SyncInflater } from './inflater.ts';
import type { Inflater, InflaterSink } from './inflater.ts';
import { parsePacket } from './parse-packet.ts';
import { BaseDecoder } from './base-decoder.ts';
import type { DecoderSink } from './base-decoder.ts';
import type { StreamKind } from './native-inflater.ts';
import { ByteAccumulator } from './byte-accumulator.ts';
import { JsonObjectSplitter } from './json-object-splitter.ts';
import { isSyncInflateTrusted } from './sync-inflater-self-test.ts';

abstract class StreamDecoder extends BaseDecoder implements InflaterSink {
  readonly #kind: StreamKind;
  readonly #inflater: Inflater;
  /** Whether the output comes while its `write` is running. */
  readonly #isSync: boolean;

  constructor(kind: StreamKind, sink: DecoderSink, maxBytes: number, codec?: 'sync' | 'stream') {
    super(sink, maxBytes);
    this.#kind = kind;
    this.#isSync = codec === undefined ? isSyncInflateTrusted(kind) : codec === 'sync';
    this.#inflater = new (this.#isSync ? SyncInflater : StreamInflater)(kind, this, maxBytes);
  }

  output(bytes: Buffer, endsMessage: boolean): void {
    this.onInflated(bytes, endsMessage);
    this.#rethrowIfAsync();
  }

  failed(cause: Error): void {
    this.fail(`the ${this.#kind} stream could not be inflated: ${messageOf(cause)}`, cause);
  }

  override flush(done: () => void): void {
    this.#inflater.flush(done);
  }

  override close(): void {
    super.close();
    this.#inflater.close();
  }

  protected override decodeFrame(data: Buffer, isBinary: boolean): void {
    if (isBinary) this.onCompressed(data);
    else this.#inflater.flush(() => this.#decodeText(data));
  }

  protected inflate(data: Buffer, endsMessage: boolean): void {
    if (data.length > 0) this.#inflater.write(data, endsMessage);
  }

  protected abstract onCompressed(data: Buffer): void;
  protected abstract onInflated(bytes: Buffer, endsMessage: boolean): void;

  #decodeText(data: Buffer): void {
    this.emit(data);
    this.#rethrowIfAsync();
  }

  /** Without a running `write` the error has no caller to reach, so it is thrown here. */
  #rethrowIfAsync(): void {
    if (!this.#isSync) this.rethrowSinkError();
  }
}

const SYNC_FLUSH_SUFFIX = Buffer.from([0x00, 0x00, 0xff, 0xff]);
const EMPTY = Buffer.alloc(0);

/**
 * Decodes `zlib-stream`. A message ends with the suffix of a zlib sync flush, wherever frames are cut. Compressed bytes
 * contain that suffix by chance about once in 4 GiB. Inflating early loses nothing: an object that is unfinished at a
 * suffix is completed by the bytes up to the next one.
 */
export class ZlibStreamDecoder extends StreamDecoder {
  /** The last bytes before this frame: a suffix may have begun there. */
  #previousTail: Buffer = EMPTY;
  /** The inflated part of a message that is not complete. */
  readonly #partial = new ByteAccumulator();
  /** A suffix followed `#partial`, but the object was unfinished. A message may wait for one more suffix only. */
  #wasUnfinished = false;

  protected override onCompressed(data: Buffer): void {
    let from = 0;
    for (let end = this.#firstEnd(data); end !== -1; end = endAfter(data, from)) {
      this.inflate(from === 0 && end === data.length ? data : data.subarray(from, end), true);
      from = end;
      if (from === data.length) break;
    }
    if (from < data.length) this.inflate(data.subarray(from), false);
    this.#previousTail =
      from === data.length && from > 0
        ? EMPTY
        : lastBytes(from === 0 ? this.#previousTail : EMPTY, data.subarray(from));
  }

  /** Returns where the first message in this frame ends, also if its suffix began in the previous frame. */
  #firstEnd(data: Buffer): number {
    if (this.#previousTail.length === 0) return endAfter(data, 0);
    const seam = Buffer.concat([this.#previousTail, data.subarray(0, SYNC_FLUSH_SUFFIX.length - 1)]);
    const end = endAfter(seam, 0);
    return end === -1 ? endAfter(data, 0) : end - this.#previousTail.length;
  }

  protected override onInflated(bytes: Buffer, endsMessage: boolean): void {
    if (!endsMessage) return this.#bufferPartial(bytes);
    // An empty flush.
    if (bytes.length === 0 && (this.#partial.length === 0 || this.#wasUnfinished)) return;
    const isSecondTry = this.#wasUnfinished;
    const whole = this.#joinPartial(bytes);
    this.#wasUnfinished = false;
    if (this.tryEmit(whole)) return;
    if (isSecondTry || !isUnfinishedObject(whole)) return this.failNotJson();
    this.#wasUnfinished = true;
    this.#bufferPartial(whole);
  }

  #joinPartial(bytes: Buffer): Buffer {
    if (this.#partial.length === 0) return bytes;
    this.#partial.append(bytes);
    return this.#partial.take();
  }

  /** Copies, because the inflater uses its buffer again. */
  #bufferPartial(bytes: Buffer): void {
    if (this.#partial.length + bytes.length > this.maxBytes) return this.failTooLarge();
    this.#partial.append(bytes);
  }
}

const endAfter = (data: Buffer, from: number): number => {
  const at = data.indexOf(SYNC_FLUSH_SUFFIX, from);
  return at === -1 ? -1 : at + SYNC_FLUSH_SUFFIX.length;
};

/** Returns a copy of the bytes that may be the beginning of a suffix. */
const lastBytes = (before: Buffer, data: Buffer): Buffer =>
  Buffer.concat([before, data.subarray(-(SYNC_FLUSH_SUFFIX.length - 1))]).subarray(-(SYNC_FLUSH_SUFFIX.length - 1));

const isUnfinishedObject = (bytes: Buffer): boolean =>
  bytes[0] === OPENING_BRACE && new JsonObjectSplitter().push(bytes).next().done === true;

const OPENING_BRACE = 0x7b;

/** Returns whether the bytes are a packet of the gateway. A part of a message hardly ever is. */
function isPacket(bytes: Buffer): boolean {
  if (bytes[0] !== OPENING_BRACE) return false;
  try {
    return Number.isInteger(fieldsOf(parsePacket(bytes))['op']);
  } catch {
    return false;
  }
}

/**
 * Decodes `zstd-stream`. Discord sends one message per WebSocket message; for gateways that cut elsewhere, the brackets
 * of the JSON objects show where messages end. An object that is unfinished when a whole packet arrives was cut off: it
 * would take every later message for a part of itself.
 */
export class ZstdStreamDecoder extends StreamDecoder {
  #splitter: JsonObjectSplitter | null = null;

  protected override onCompressed(data: Buffer): void {
    this.inflate(data, true);
  }

  protected override onInflated(bytes: Buffer): void {
    if (bytes.length === 0) return;
    if (this.#splitter === null) {
      if (bytes[0] !== OPENING_BRACE) return this.emit(bytes);
      if (this.tryEmit(bytes)) return;
    }
    if (this.#splitter !== null && isPacket(bytes)) return this.fail('a message was cut off before its end');
    this.#splitter ??= new JsonObjectSplitter();
    for (const object of this.#splitter.push(bytes)) this.emit(object);
    if (this.#splitter.pendingBytes > this.maxBytes) this.failTooLarge();
    if (this.#splitter.pendingBytes === 0) this.#splitter = null;
  }
}
