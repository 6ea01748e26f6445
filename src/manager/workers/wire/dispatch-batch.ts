/**
 * Dispatches side by side in one buffer: the key of the shard, the sequence, and the packet as it arrived. With them go
 * the changes of the guilds that are kept for the next process, in the order in which they came. The writer
 * reuses its buffer. Another thread gets a copy of the filled part, which is transferred and not copied again.
 */
import { isCount } from '../../../protocol/validation.ts';

/** What a packet is. `change`: a frame of the snapshot. */
export type PacketKind = 'dispatch' | 'restored' | 'change';

const KINDS: readonly PacketKind[] = ['dispatch', 'restored', 'change'];

/** Key, sequence, length, kind. */
const HEADER_BYTES = 4 + 8 + 4 + 1;
const INITIAL_BYTES = 64 * 1024;
/** A buffer that a large packet made larger than this is not reused. */
const MAX_RETAINED_BYTES = 1024 * 1024;

/** Stands for a missing sequence: some gateways send a RESUMED without one. */
const NO_SEQUENCE = -1;

export class DispatchBatchWriter {
  #buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  #end = 0;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  get byteLength(): number {
    return this.#end;
  }

  add(key: number, sequence: unknown, packet: Uint8Array, kind: PacketKind = 'dispatch'): void {
    const start = this.#end;
    const end = start + HEADER_BYTES + packet.length;
    if (end > this.#buffer.length) this.#grow(end);
    this.#buffer.writeUInt32LE(key, start);
    this.#buffer.writeDoubleLE(isCount(sequence) ? sequence : NO_SEQUENCE, start + 4);
    this.#buffer.writeUInt32LE(packet.length, start + 12);
    this.#buffer[start + 16] = KINDS.indexOf(kind);
    this.#buffer.set(packet, start + HEADER_BYTES);
    this.#end = end;
    this.#count += 1;
  }

  /** Returns all dispatches as a buffer to transfer, and starts an empty batch. */
  takeBuffer(): ArrayBuffer {
    const bytes = this.#buffer.buffer.slice(0, this.#end);
    if (this.#buffer.length > MAX_RETAINED_BYTES) this.#buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
    this.#end = 0;
    this.#count = 0;
    return bytes;
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(larger, 0, 0, this.#end);
    this.#buffer = larger;
  }
}

/** Reads the dispatches one by one, without creating an object for each. */
export class DispatchBatchReader {
  readonly #bytes: Buffer;
  #offset = 0;
  key = 0;
  kind: PacketKind = 'dispatch';
  /** `null` for a dispatch without a sequence. */
  sequence: number | null = null;

  constructor(bytes: ArrayBuffer) {
    this.#bytes = Buffer.from(bytes);
  }

  /** Returns the next packet and sets {@link key}, {@link sequence} and {@link kind} for it; `null` after the last. */
  next(): Buffer | null {
    const start = this.#offset;
    if (start >= this.#bytes.length) return null;
    this.key = this.#bytes.readUInt32LE(start);
    const sequence = this.#bytes.readDoubleLE(start + 4);
    this.sequence = sequence === NO_SEQUENCE ? null : sequence;
    this.kind = KINDS[this.#bytes[start + 16] ?? 0] ?? 'dispatch';
    this.#offset = start + HEADER_BYTES + this.#bytes.readUInt32LE(start + 12);
    return this.#bytes.subarray(start + HEADER_BYTES, this.#offset);
  }
}
