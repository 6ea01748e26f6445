/**
 * A dispatch as it was received: `d` is decoded when somebody reads it, and kept. To the outside it is a plain object
 * of `t`, `s`, `op` and `d`; only its prototype tells.
 */
import { inspect } from 'node:util';
import { GatewayError } from './errors.ts';
import { bytesOf, keepBytes, viewOf } from './kept-bytes.ts';
import type { KeptBytes } from './kept-bytes.ts';
import { parsePacket } from './packet-json.ts';

/** Who wants to know what becomes of a dispatch. */
export interface DispatchOrigin {
  /** `d` was asked for. */
  wasRead(t: string): void;
  /** `d` was asked for, and is no JSON. */
  corrupted(error: GatewayError): void;
}

const UNREAD = Symbol('unread');

/** An own property, so that it is copied, cloned, compared and written as JSON like any other. */
const D: PropertyDescriptor & ThisType<ReceivedDispatch> = {
  enumerable: true,
  configurable: true,
  get() {
    return ReceivedDispatch.dataOf(this);
  },
};

export class ReceivedDispatch {
  readonly t: string;
  readonly s: number;
  readonly op = 0 as const;
  declare readonly d: unknown;
  readonly #origin: DispatchOrigin | null;
  /** The whole packet, in a buffer that is used again after {@link settle}. */
  #borrowed: Buffer | null;
  /** A copy of it from then on, for as long as `d` is not decoded. */
  #kept: KeptBytes | null = null;
  #raw: Uint8Array | null = null;
  #data: unknown;
  #broken: GatewayError | null = null;

  private constructor(t: string, s: number, packet: Buffer, data: unknown, origin: DispatchOrigin | null) {
    this.t = t;
    this.s = s;
    this.#borrowed = packet;
    this.#data = data;
    this.#origin = origin;
    if (origin === null) this.d = data;
    else Object.defineProperty(this, 'd', D);
  }

  /** One that is decoded already. With an `origin` it tells when it is read. */
  static decoded(t: string, s: number, d: unknown, packet: Buffer, origin: DispatchOrigin | null): ReceivedDispatch {
    return new ReceivedDispatch(t, s, packet, d, origin);
  }

  static undecoded(t: string, s: number, packet: Buffer, origin: DispatchOrigin): ReceivedDispatch {
    return new ReceivedDispatch(t, s, packet, UNREAD, origin);
  }

  static dataOf(dispatch: ReceivedDispatch): unknown {
    dispatch.#origin?.wasRead(dispatch.t);
    return dispatch.#data === UNREAD ? dispatch.#decode() : dispatch.#data;
  }

  /**
   * The whole packet, to be passed on before the listener returns. It is no copy, and the dispatch keeps none: its data
   * is not to be read any more.
   */
  static giveAway(dispatch: ReceivedDispatch | { readonly raw: Uint8Array }): Uint8Array {
    if (!(#packet in dispatch)) return dispatch.raw;
    const packet = dispatch.#packet;
    if (packet === null || typeof packet === 'string') return dispatch.raw;
    if (dispatch.#data === UNREAD) dispatch.#data = undefined;
    return packet;
  }

  get raw(): Uint8Array {
    this.#raw ??= this.#bytes();
    return this.#raw;
  }

  /** The buffer it was received in is about to be used again. */
  settle(): void {
    if (this.#data === UNREAD && this.#borrowed !== null) this.#kept = keepBytes(this.#borrowed);
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
    if (this.#broken !== null) throw this.#broken;
    try {
      this.#data = (parsePacket(viewOf(this.#packet ?? '')) as { d: unknown }).d;
    } catch (cause) {
      this.#broken = new GatewayError('DECODE_FAILED', `the data of ${this.t} is not JSON`, { cause });
      this.#origin?.corrupted(this.#broken);
      throw this.#broken;
    }
    this.#kept = null;
    return this.#data;
  }

  #bytes(): Uint8Array {
    const packet = this.#packet;
    if (packet !== null) return bytesOf(packet);
    const { t, s, op } = this;
    return Buffer.from(JSON.stringify({ t, s, op, d: this.d }));
  }

  get #packet(): KeptBytes | null {
    return this.#borrowed ?? this.#kept;
  }
}
