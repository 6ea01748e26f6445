/**
 * Creates dispatches from the bytes that a worker thread sent. As on a connection of this thread, data that no listener
 * reads is not decoded.
 */
import { GatewayError } from '../../../protocol/errors.ts';
import { DispatchHeaderReader } from '../../../decoding/dispatch-header.ts';
import { parsePacket } from '../../../decoding/parse-packet.ts';
import type { Packet } from '../../../protocol/packets.ts';
import { isCount } from '../../../protocol/validation.ts';
import { LazyDispatch } from '../../../decoding/lazy-dispatch.ts';
import type { DispatchObserver } from '../../../decoding/lazy-dispatch.ts';
import { DecodePredictor } from '../../../decoding/decode-predictor.ts';

/** Shared by all packets: its fields are used before the next packet is read. */
const header = new DispatchHeaderReader();

export class DispatchReader implements DispatchObserver {
  readonly #predictor = new DecodePredictor();
  readonly #onDecodeFailed: (error: GatewayError) => void;

  /** @param onDecodeFailed - called when the data of a dispatch is not JSON, possibly long after `read()` */
  constructor(onDecodeFailed: (error: GatewayError) => void) {
    this.#onDecodeFailed = onDecodeFailed;
  }

  /**
   * Returns `null` for a packet that is not JSON, after a call of `onDecodeFailed`.
   * @param sequence - the sequence that the thread found in the packet
   */
  read(packet: Buffer, sequence: number | null): LazyDispatch | null {
    if (!header.read(packet) || header.s !== sequence) return this.#decode(packet, null);
    const { t, s } = header;
    const hint = this.#predictor.decodeHintFor(t);
    // A field after `d` would count instead of the one in the header.
    if (hint === 'unlikely' && header.isWhole(packet)) return LazyDispatch.undecoded(t, s, packet, this);
    return this.#decode(packet, hint === 'likely' ? this : null);
  }

  /** Reads a dispatch that an earlier process received. Returns `null` for a packet that is not a dispatch. */
  readRestored(packet: Buffer, sequence: number | null): LazyDispatch | null {
    if (!header.read(packet) || !header.isWhole(packet) || header.s !== sequence) return null;
    return LazyDispatch.restored(header.t, header.s, packet, this);
  }

  onDataRead(t: string): void {
    this.#predictor.onDataRead(t);
  }

  onCorruptData(error: GatewayError): void {
    this.#onDecodeFailed(error);
  }

  #decode(bytes: Buffer, observer: DispatchObserver | null): LazyDispatch | null {
    try {
      const { t, s, d } = parsePacket(bytes) as Packet;
      // As on a connection of this thread: what is not a sequence is left out.
      const sequence = (isCount(s) ? s : null) as number;
      return LazyDispatch.decoded(t as string, sequence, d, bytes, observer);
    } catch (cause) {
      this.onCorruptData(new GatewayError('DECODE_FAILED', 'a dispatch is not JSON', { cause }));
      return null;
    }
  }
}
