/**
 * Makes dispatches of the bytes that another thread has sent: as a connection of this thread would, what nobody reads
 * is not decoded.
 */
import { GatewayError } from '../../protocol/errors.ts';
import { PacketHead } from '../../protocol/packet-head.ts';
import { parsePacket } from '../../protocol/packet-json.ts';
import type { Packet } from '../../protocol/packets.ts';
import { ReceivedDispatch } from '../../protocol/received-dispatch.ts';
import type { DispatchOrigin } from '../../protocol/received-dispatch.ts';
import { ReadHabits } from '../../shard/read-habits.ts';

/** Read into by each packet in turn: what it says is used before another is read. */
const head = new PacketHead();

export class DispatchReader implements DispatchOrigin {
  readonly #habits = new ReadHabits();
  readonly #onCorrupted: (error: GatewayError) => void;

  /** @param onCorrupted - told when the data of one is no JSON, which may be found out long after it was read */
  constructor(onCorrupted: (error: GatewayError) => void) {
    this.#onCorrupted = onCorrupted;
  }

  /** @param sequence - what the thread has found in it. Gives `null` for what is no dispatch, once that is told. */
  read(packet: Buffer, sequence: number | null): ReceivedDispatch | null {
    if (!head.read(packet) || head.s !== sequence) return this.#decode(packet, null);
    const { t, s } = head;
    const demand = this.#habits.demandFor(t);
    if (demand === 'unlikely') return ReceivedDispatch.undecoded(t, s, packet, this);
    return this.#decode(packet, demand === 'likely' ? this : null);
  }

  wasRead(t: string): void {
    this.#habits.wasRead(t);
  }

  corrupted(error: GatewayError): void {
    this.#onCorrupted(error);
  }

  #decode(bytes: Buffer, origin: DispatchOrigin | null): ReceivedDispatch | null {
    try {
      const { t, s, d } = parsePacket(bytes) as Packet;
      return ReceivedDispatch.decoded(t as string, s as number, d, bytes, origin);
    } catch (cause) {
      this.corrupted(new GatewayError('DECODE_FAILED', 'a dispatch is not JSON', { cause }));
      return null;
    }
  }
}
