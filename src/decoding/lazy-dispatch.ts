/**
 * A dispatch whose `d` is decoded at the first read: most bots read few of the events they receive. It looks like a
 * plain object of `t`, `s`, `op` and `d`; only its prototype differs.
 */
import { util } from '../node-modules.ts';
import { GatewayError } from '../protocol/errors.ts';
import { shortName } from '../protocol/printable.ts';
import { parsePacket } from './parse-packet.ts';

export interface DispatchObserver {
  /** Called when `d` is read. */
  onDataRead(t: string): void;
  /** Called when `d` is read and is not JSON. */
  onCorruptData(error: GatewayError): void;
}

const UNDECODED = Symbol('undecoded');

/** Defines an enumerable getter. Older than `Object.defineProperty`, and a third cheaper: it reads no descriptor. */
const defineGetter = Reflect.get(Object.prototype, '__defineGetter__') as (
  this: object,
  name: string,
  getter: () => unknown,
) => void;

/** The getter of `d`. An own property, so that copies, clones, comparisons and JSON include it. */
function lazyData(this: LazyDispatch): unknown {
  return LazyDispatch.readData(this);
}

/**
 * A copy of bytes that will most likely never be read. Small ones are kept as a latin1 string: cheap to collect, and no
 * more memory than its length. A small Buffer would be a slice of a pool and keep the whole pool alive.
 */
type ByteSnapshot = string | Buffer;

/** From this size on Node gives a Buffer memory of its own. */
const UNPOOLED_BYTES = 4_096;

const snapshotBytes = (bytes: Buffer): ByteSnapshot =>
  bytes.length < UNPOOLED_BYTES ? bytes.toString('latin1') : Buffer.from(bytes);

/** Returns bytes that the caller owns. */
const copyOf = (snapshot: ByteSnapshot): Buffer =>
  typeof snapshot === 'string' ? Buffer.from(snapshot, 'latin1') : Buffer.from(snapshot);

/** Returns bytes to be read at once, without a copy where possible. */
const viewOf = (snapshot: ByteSnapshot): Buffer =>
  typeof snapshot === 'string' ? Buffer.from(snapshot, 'latin1') : snapshot;

export class LazyDispatch {
  readonly t: string;
  readonly s: number;
  readonly op = 0 as const;
  declare readonly d: unknown;
  /** Only a dispatch from a snapshot has it. */
  declare readonly isRestored?: true;
  readonly #observer: DispatchObserver | null;
  readonly #byteLength: number;
  /** The whole packet, in a buffer that the decoder uses again after {@link releaseBuffer}. */
  #borrowed: Buffer | null;
  /** A copy of the packet after that, until `d` is decoded. */
  #snapshot: ByteSnapshot | null = null;
  #raw: Uint8Array | null = null;
  #data: unknown;
  #decodeError: GatewayError | null = null;

  private constructor(t: string, s: number, packet: Buffer, data: unknown, observer: DispatchObserver | null) {
    this.t = t;
    this.s = s;
    this.#borrowed = packet;
    this.#byteLength = packet.length;
    this.#data = data;
    this.#observer = observer;
    if (observer === null) this.d = data;
    else defineGetter.call(this, 'd', lazyData);
  }

  /** Returns a dispatch with decoded data. If there is an `observer`, reads of `d` are reported to it. */
  static decoded(t: string, s: number, d: unknown, packet: Buffer, observer: DispatchObserver | null): LazyDispatch {
    return new LazyDispatch(t, s, packet, d, observer);
  }

  static undecoded(t: string, s: number, packet: Buffer, observer: DispatchObserver): LazyDispatch {
    return new LazyDispatch(t, s, packet, UNDECODED, observer);
  }

  /** Returns a dispatch that an earlier process received. The bytes belong to it. */
  static restored(t: string, s: number, packet: Buffer, observer: DispatchObserver): LazyDispatch {
    const dispatch = LazyDispatch.undecoded(t, s, packet, observer);
    return Object.defineProperty(dispatch, 'isRestored', { value: true, enumerable: true });
  }

  static readData(dispatch: LazyDispatch): unknown {
    dispatch.#observer?.onDataRead(dispatch.t);
    return dispatch.#data === UNDECODED ? dispatch.#decode() : dispatch.#data;
  }

  /** Returns the size of the whole packet, inflated, in bytes: about the memory that an undecoded dispatch costs. */
  static byteLengthOf(dispatch: object): number {
    return #byteLength in dispatch ? dispatch.#byteLength : 0;
  }

  /** Returns whether somebody has read the data of a dispatch, and they are not JSON. Decodes nothing. */
  static isCorrupt(dispatch: object): boolean {
    return #decodeError in dispatch && dispatch.#decodeError !== null;
  }

  /** Returns whether a text is anywhere in the packet, without decoding it. Valid until the listener returns. */
  static contains(dispatch: object, text: string): boolean {
    return #packet in dispatch && dispatch.#packet?.includes(text) === true;
  }

  /**
   * Returns the whole packet without copying it. Valid until the listener returns; afterwards the dispatch has no data,
   * so `d` must not be read again.
   */
  static transferRaw(dispatch: LazyDispatch | { readonly raw: Uint8Array }): Uint8Array {
    if (!(#packet in dispatch)) return dispatch.raw;
    const packet = dispatch.#packet;
    if (packet === null || typeof packet === 'string') return dispatch.raw;
    if (dispatch.#data === UNDECODED) dispatch.#data = undefined;
    return packet;
  }

  get raw(): Uint8Array {
    this.#raw ??= this.#createRaw();
    return this.#raw;
  }

  /** Called before the decoder uses the buffer again. */
  releaseBuffer(): void {
    if (this.#data === UNDECODED && this.#borrowed !== null) this.#snapshot = snapshotBytes(this.#borrowed);
    this.#borrowed = null;
  }

  [util.inspect.custom](): object {
    const { t, s, op } = this;
    try {
      return { t, s, op, d: this.d };
    } catch {
      return { t, s, op };
    }
  }

  #decode(): unknown {
    if (this.#decodeError !== null) throw this.#decodeError;
    try {
      this.#data = (parsePacket(viewOf(this.#packet ?? '')) as { d: unknown }).d;
    } catch (cause) {
      this.#decodeError = new GatewayError('DECODE_FAILED', `the data of ${shortName(this.t)} is not JSON`, { cause });
      this.#observer?.onCorruptData(this.#decodeError);
      throw this.#decodeError;
    }
    this.#snapshot = null;
    return this.#data;
  }

  #createRaw(): Uint8Array {
    const packet = this.#packet;
    if (packet !== null) return copyOf(packet);
    const { t, s, op } = this;
    return Buffer.from(JSON.stringify({ t, s, op, d: this.d }));
  }

  get #packet(): ByteSnapshot | null {
    return this.#borrowed ?? this.#snapshot;
  }
}
