/**
 * What the frames of a connection mean, according to the public functions of `node:zlib` and `JSON.parse`. It inflates
 * the whole connection again with every frame: slow and plain.
 */
import { constants, inflateSync, zstdDecompressSync } from 'node:zlib';
import type { Compression } from '../../src/index.ts';
import type { Frame } from './encoder.ts';

export interface Decoded {
  readonly messages: readonly Buffer[];
  /** Whether what follows these messages ends the connection. */
  readonly isBroken: boolean;
}

const BROKEN: Decoded = { messages: [], isBroken: true };

const FLUSH_SUFFIX = Buffer.from([0, 0, 0xff, 0xff]);
const OPENING_BRACE = 0x7b;

/** A quote and a backslash. */
const ESCAPED: ReadonlySet<unknown> = new Set([0x22, 0x5c]);

/**
 * Returns the index after the bracket that closes the object at `from`; -1 without one.
 * @param escapesAnywhere - whether a backslash escapes a quote outside of strings too, where JSON has none
 */
export function endOfObject(bytes: Buffer, from = 0, escapesAnywhere = false): number {
  let depth = 0;
  let isInString = false;
  for (let at = from; at < bytes.length; at += 1) {
    const char = String.fromCharCode(bytes[at] ?? 0);
    if (char === '\\') at += isInString || (escapesAnywhere && ESCAPED.has(bytes[at + 1])) ? 1 : 0;
    else if (isInString) {
      if (char === '"') isInString = false;
    } else if (char === '"') isInString = true;
    else if (char === '{' || char === '[') depth += 1;
    else if (char === '}' || char === ']') {
      depth = Math.max(0, depth - 1);
      if (depth === 0) return at + 1;
    }
  }
  return -1;
}

export class ReferenceDecoder {
  readonly #compression: Compression;
  readonly #maxBytes: number;
  /** Whether a client takes these bytes for a whole message. */
  readonly #isMessage: (bytes: Buffer) => boolean;
  /** All compressed bytes of the connection. */
  #compressed: Buffer[] = [];
  /** How many inflated bytes were taken so far. */
  #taken = 0;
  /** The frame with which an unfinished message began; empty if other messages were in it. */
  #head: Buffer = Buffer.alloc(0);
  #partial: Buffer = Buffer.alloc(0);
  #wasUnfinished = false;
  #tail: Buffer = Buffer.alloc(0);

  constructor(compression: Compression, maxBytes: number, isMessage: (bytes: Buffer) => boolean) {
    this.#compression = compression;
    this.#isMessage = isMessage;
    this.#maxBytes = maxBytes;
  }

  /** Whether the beginning of a message waits for the rest. */
  get isWaiting(): boolean {
    return this.#partial.length > 0 || this.#tail.length > 0;
  }

  /** Records a frame that holds just this message, without inflating it. */
  record(frame: Frame, message: Buffer): void {
    if (!this.#isStream || !frame.isBinary) return;
    this.#compressed.push(frame.bytes);
    this.#taken += message.length;
  }

  push({ bytes, isBinary }: Frame): Decoded {
    if (!isBinary || this.#compression === 'none') return this.#whole(bytes);
    if (this.#compression === 'payload') {
      try {
        return this.#whole(inflateSync(bytes, { maxOutputLength: this.#maxBytes }));
      } catch {
        return BROKEN;
      }
    }
    return this.#compression === 'zlib-stream' ? this.#pushZlib(bytes) : this.#pushZstd(bytes);
  }

  get #isStream(): boolean {
    return this.#compression === 'zlib-stream' || this.#compression === 'zstd-stream';
  }

  #whole(bytes: Buffer): Decoded {
    return bytes.length > this.#maxBytes ? BROKEN : { messages: [bytes], isBroken: false };
  }

  #pushZlib(bytes: Buffer): Decoded {
    const messages: Buffer[] = [];
    let rest = bytes;
    for (;;) {
      const joined = Buffer.concat([this.#tail, rest]);
      const at = joined.indexOf(FLUSH_SUFFIX);
      const end = at === -1 ? rest.length : at + FLUSH_SUFFIX.length - this.#tail.length;
      const segment = rest.subarray(0, end);
      rest = rest.subarray(end);
      if (segment.length > 0) {
        const text = this.#inflate(segment);
        if (text === null || this.#partial.length + text.length > this.#maxBytes) return { messages, isBroken: true };
        if (at === -1) {
          this.#tail = joined.subarray(-(FLUSH_SUFFIX.length - 1));
          this.#partial = Buffer.concat([this.#partial, text]);
        } else {
          this.#tail = Buffer.alloc(0);
          const outcome = this.#endZlibMessage(text);
          if (outcome !== null) messages.push(outcome);
        }
      }
      if (rest.length === 0) return { messages, isBroken: false };
    }
  }

  /** Returns the message, or `null` if it is not complete. */
  #endZlibMessage(text: Buffer): Buffer | null {
    if (text.length === 0 && (this.#partial.length === 0 || this.#wasUnfinished)) return null;
    const message = Buffer.concat([this.#partial, text]);
    const isUnfinished = message[0] === OPENING_BRACE && endOfObject(message) === -1;
    if (!this.#isMessage(message) && isUnfinished && !this.#wasUnfinished) {
      this.#wasUnfinished = true;
      this.#partial = message;
      return null;
    }
    this.#wasUnfinished = false;
    this.#partial = Buffer.alloc(0);
    return message;
  }

  #pushZstd(bytes: Buffer): Decoded {
    const messages: Buffer[] = [];
    if (bytes.length === 0) return { messages, isBroken: false };
    const text = this.#inflate(bytes);
    if (text === null) return BROKEN;
    if (text.length === 0) return { messages, isBroken: false };
    const isFirst = this.#partial.length === 0;
    // What came before was cut off. The client knows its sequence if it began a frame.
    if (!isFirst && isPacket(text)) return this.#head.length === 0 ? BROKEN : this.#whole(this.#head);
    if (isFirst) this.#head = text;
    let rest = Buffer.concat([this.#partial, text]);
    this.#partial = Buffer.alloc(0);
    if (isFirst && (rest[0] !== OPENING_BRACE || this.#isMessage(rest))) return this.#whole(rest);
    while (rest.length > 0) {
      const end = endOfObject(rest);
      if (end === -1) break;
      const message = rest.subarray(0, end);
      rest = rest.subarray(end);
      if (message.length > this.#maxBytes) return { messages, isBroken: true };
      messages.push(message);
      this.#head = Buffer.alloc(0);
    }
    this.#partial = rest;
    return { messages, isBroken: rest.length > this.#maxBytes };
  }

  /** Returns what these bytes add to the output; `null` if they can't be inflated. */
  #inflate(bytes: Buffer): Buffer | null {
    this.#compressed.push(bytes);
    const all = Buffer.concat(this.#compressed);
    this.#compressed = [all];
    try {
      const output = inflateAll(this.#compression, all, this.#taken + this.#maxBytes + 1);
      const added = output.subarray(this.#taken);
      this.#taken = output.length;
      return added.length > this.#maxBytes ? null : added;
    } catch {
      return null;
    }
  }
}

function isPacket(bytes: Buffer): boolean {
  try {
    const packet: unknown = JSON.parse(bytes.toString());
    return bytes[0] === OPENING_BRACE && Number.isInteger((packet as { op?: unknown } | null)?.op);
  } catch {
    return false;
  }
}

interface Inflated {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}

/** @throws for bytes after the end of the stream, which the functions of `node:zlib` ignore */
function inflateAll(compression: Compression, bytes: Buffer, maxOutputLength: number): Buffer {
  const options = { maxOutputLength, info: true };
  const { buffer, engine } = (compression === 'zlib-stream'
    ? inflateSync(bytes, { ...options, finishFlush: constants.Z_SYNC_FLUSH })
    : zstdDecompressSync(bytes, { ...options, finishFlush: constants.ZSTD_e_flush })) as unknown as Inflated;
  if (engine.bytesWritten < bytes.length) throw new RangeError('the stream has ended');
  return buffer;
}
