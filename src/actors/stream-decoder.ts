/** Decodes transports with one compression context for all messages of a connection. */
import type { DecoderSink } from './decoder.ts';
import { StreamInflater, SyncInflater } from './inflater.ts';
import type { Inflater, InflaterSink, StreamKind } from './inflater.ts';
import { JsonDecoder, reasonOf } from './json-decoder.ts';
import { ObjectSplitter } from './object-splitter.ts';
import { syncInflaterWorks } from './sync-inflater-check.ts';

/** One context for the connection. */
abstract class StreamDecoder extends JsonDecoder {
  readonly #inflater: Inflater;
  readonly maxBytes: number;

  constructor(kind: StreamKind, sink: DecoderSink, maxBytes: number, codec?: 'sync' | 'stream') {
    super(sink);
    this.maxBytes = maxBytes;
    const outlet: InflaterSink = {
      output: (bytes, ends) => {
        if (!this.closed) this.inflated(bytes, ends);
      },
      failed: (cause) => this.fail(`the ${kind} stream could not be inflated: ${reasonOf(cause)}`, cause),
    };
    const sync = codec === undefined ? syncInflaterWorks(kind) : codec === 'sync';
    this.#inflater = new (sync ? SyncInflater : StreamInflater)(kind, outlet, maxBytes);
  }

  override write(data: Buffer, isBinary: boolean): void {
    if (this.closed) return;
    if (isBinary) this.compressed(data);
    else super.write(data, isBinary);
  }

  override flush(done: () => void): void {
    this.#inflater.flush(done);
  }

  override close(): void {
    super.close();
    this.#inflater.close();
  }

  protected inflate(data: Buffer, ends: boolean): void {
    if (!this.closed && data.length > 0) this.#inflater.write(data, ends);
  }

  protected abstract compressed(data: Buffer): void;
  protected abstract inflated(bytes: Buffer, ends: boolean): void;
}

const SUFFIX = Buffer.from([0x00, 0x00, 0xff, 0xff]);

/** A message ends with the suffix of a zlib sync flush, wherever frames are cut. */
export class ZlibStreamDecoder extends StreamDecoder {
  /** The last bytes before this frame, in which a suffix may have begun. */
  #before: Buffer = Buffer.alloc(0);
  /** What has been inflated of a message that is not complete. */
  #partial: Buffer[] = [];
  #partialBytes = 0;

  protected override compressed(data: Buffer): void {
    let from = 0;
    for (let end = this.#firstEnd(data); end !== -1; end = endAfter(data, from)) {
      this.inflate(from === 0 && end === data.length ? data : data.subarray(from, end), true);
      from = end;
      if (from === data.length) break;
    }
    if (from < data.length) this.inflate(data.subarray(from), false);
    const left = from === data.length ? 0 : Math.min(SUFFIX.length - 1, data.length - from);
    const tail = data.subarray(data.length - left);
    this.#before = from === 0 ? Buffer.concat([this.#before, tail]).subarray(-(SUFFIX.length - 1)) : tail;
  }

  /** Where the first message in this frame ends, also when its suffix began in the frame before. */
  #firstEnd(data: Buffer): number {
    if (this.#before.length === 0) return endAfter(data, 0);
    const seam = Buffer.concat([this.#before, data.subarray(0, SUFFIX.length - 1)]);
    const end = endAfter(seam, 0);
    return end === -1 ? endAfter(data, 0) : end - this.#before.length;
  }

  protected override inflated(bytes: Buffer, ends: boolean): void {
    if (ends && this.#partialBytes === 0) {
      if (bytes.length > 0) this.deliver(bytes);
      return;
    }
    this.#partial.push(Buffer.from(bytes));
    this.#partialBytes += bytes.length;
    if (this.#partialBytes > this.maxBytes) return this.fail(`a message is larger than ${this.maxBytes} bytes`);
    if (!ends) return;
    const whole = Buffer.concat(this.#partial);
    this.#partial = [];
    this.#partialBytes = 0;
    if (whole.length > 0) this.deliver(whole);
  }
}

const endAfter = (data: Buffer, from: number): number => {
  const at = data.indexOf(SUFFIX, from);
  return at === -1 ? -1 : at + SUFFIX.length;
};

const OPENING_BRACE = 0x7b;

/** A message is a WebSocket message; where a gateway cuts otherwise, the brackets of JSON tell. */
export class ZstdStreamDecoder extends StreamDecoder {
  #splitter: ObjectSplitter | null = null;

  protected override compressed(data: Buffer): void {
    this.inflate(data, true);
  }

  protected override inflated(bytes: Buffer): void {
    if (bytes.length === 0) return;
    if (this.#splitter === null) {
      if (bytes[0] !== OPENING_BRACE) return this.deliver(bytes);
      if (this.offer(bytes)) return;
    }
    this.#splitter ??= new ObjectSplitter();
    for (const object of this.#splitter.push(bytes)) this.deliver(object);
    if (this.#splitter.pendingBytes > this.maxBytes) this.fail(`a message is larger than ${this.maxBytes} bytes`);
    if (this.#splitter.pendingBytes === 0) this.#splitter = null;
  }
}
