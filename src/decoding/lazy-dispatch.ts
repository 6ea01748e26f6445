/**
 * A dispatch as it was received: `d` is decoded when somebody reads it, and kept. To the outside it is a plain object
 * of `t`, `s`, `op` and `d`; only its prototype tells.
 */
import { inspect } from 'node:util';
import { GatewayError } from '../protocol/errors.ts';
import { copyOf, snapshotBytes, viewOf } from '../protocol/byte-snapshot.ts';
import type { ByteSnapshot } from '../protocol/byte-snapshot.ts';
import { parsePacket } from './parse-packet.ts';

/** Who wants to know what becomes of a dispatch. */
export interface DispatchObserver {
  /** `d` was asked for. */
  onDataRead(t: string): void;
  /** `d` was asked for, and is no JSON. */
  onCorruptData(error: GatewayError): void;
}

const UNDECODED = Symbol('unread');

/** An own property, so that it is copied, cloned, compared and written as JSON like any other. */
const LAZY_DATA: PropertyDescriptor & ThisType<LazyDispatch> = {
  enumerable: true,
  configurable: true,
  get() {
    return LazyDispatch.readData(this);
  },
};

export class LazyDispatch {
  readonly t: string;
  readonly s: number;
  readonly op = 0 as const;
  declare readonly d: unknown;
  readonly #observer: DispatchObserver | null;
  /** The whole packet, in a buffer that is used again after {@link releaseBuffer}. */
  #borrowed: Buffer | null;
  /** A copy of it from then on, for as long as `d` is not decoded. */
  #snapshot: ByteSnapshot | null = null;
  #raw: Uint8Array | null = null;
  #data: unknown;
  #decodeError: GatewayError | null = null;

  private constructor(t: string, s: number, packet: Buffer, data: unknown, observer: DispatchObserver | null) {
    this.t = t;
    this.s = s;
    this.#borrowed = packet;
    this.#data = data;
    this.#observer = observer;
    if (observer === null) this.d = data;
    else Object.defineProperty(this, 'd', LAZY_DATA);
  }

  /** One that is decoded already. With an `origin` it tells when it is read. */
  static decoded(t: string, s: number, d: unknown, packet: Buffer, observer: DispatchObserver | null): LazyDispatch {
    return new LazyDispatch(t, s, packet, d, observer);
  }

  static undecoded(t: string, s: number, packet: Buffer, observer: DispatchObserver): LazyDispatch {
    return new LazyDispatch(t, s, packet, UNDECODED, observer);
  }

  static readData(dispatch: LazyDispatch): unknown {
    dispatch.#observer?.onDataRead(dispatch.t);
    return dispatch.#data === UNDECODED ? dispatch.#decode() : dispatch.#data;
  }

  /**
   * The whole packet, to be passed on before the listener returns. It is no copy, and the dispatch keeps none: its data
   * is not to be read any more.
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

  /** The buffer it was received in is about to be used again. */
  releaseBuffer(): void {
    if (this.#data === UNDECODED && this.#borrowed !== null) this.#snapshot = snapshotBytes(this.#borrowed);
    this.#borrowed = null;
  }

  [inspect.custom](): object {
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
      this.#decodeError = new GatewayError('DECODE_FAILED', `the data of ${this.t} is not JSON`, { cause });
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
