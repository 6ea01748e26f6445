/**
 * From packets to WebSocket messages: compressed as the connection asks for, several in one piece or one in several,
 * as TCP, proxies and Discord's own edge do it.
 */
import { deflateSync } from 'node:zlib';
import type { Compression } from '../../src/protocol/gateway-url.ts';
import type { Packet } from '../../src/protocol/packets.ts';
import { Compressor } from './compressor.ts';
import type { Dice } from './dice.ts';
import type { SimClock } from './sim-clock.ts';
import type { Frame } from './sim-socket.ts';

const GARBAGE = Buffer.from('\u0007 no message of anybody \u0000\u00ff', 'latin1');

export class Outbox {
  readonly #clock: SimClock;
  readonly #dice: Dice;
  readonly #compression: Compression;
  readonly #compressor: Compressor | null;
  readonly #give: (frames: readonly Frame[]) => void;
  #held: Frame[] = [];
  #isHolding = false;

  /** @param give - puts messages that travel in one piece on the wire */
  constructor(clock: SimClock, dice: Dice, compression: Compression, give: (frames: readonly Frame[]) => void) {
    this.#clock = clock;
    this.#dice = dice;
    this.#compression = compression;
    this.#compressor = compression === 'zlib-stream' || compression === 'zstd-stream' ? new Compressor(compression) : null;
    this.#give = give;
  }

  send(packet: Packet): void {
    this.#hold({ ...this.#encode(JSON.stringify(packet)), packets: [packet] });
  }

  /** Bytes that are no message. */
  corrupt(): void {
    this.#hold({ data: GARBAGE, isBinary: this.#compression !== 'none', packets: [] });
    this.flush();
  }

  /** What was held back goes out. */
  flush(): void {
    this.#isHolding = false;
    const frames = this.#held;
    this.#held = [];
    if (frames.length === 0) return;
    const cut = this.#compressor === null ? frames : this.#recut(frames);
    if (cut.length === 1 || this.#dice.chance(0.5)) this.#give(cut);
    else for (const frame of cut) this.#give([frame]);
  }

  close(): void {
    this.#compressor?.close();
    this.#held = [];
  }

  #encode(text: string): { data: Buffer; isBinary: boolean } {
    if (this.#compressor !== null) return { data: this.#compressor.compress(text), isBinary: true };
    if (this.#compression === 'payload' && this.#dice.chance(0.5)) return { data: deflateSync(text), isBinary: true };
    return { data: Buffer.from(text), isBinary: false };
  }

  #hold(frame: Frame): void {
    this.#held.push(frame);
    if (this.#isHolding) return;
    if (!this.#dice.chance(0.15)) return this.flush();
    this.#isHolding = true;
    this.#clock.outside(() => this.flush(), this.#dice.int(0, 40));
  }

  /** Joins the bytes of a stream and cuts them anywhere. */
  #recut(frames: readonly Frame[]): Frame[] {
    if (frames.length === 1 && this.#dice.chance(0.8)) return [...frames];
    const bytes = Buffer.concat(frames.map(({ data }) => data));
    const cuts = Array.from({ length: this.#dice.int(0, 3) }, () => this.#dice.int(1, Math.max(1, bytes.length - 1)));
    const ends = [...new Set([...cuts, bytes.length])].toSorted((a, b) => a - b);
    let end = 0;
    const packetEnds = frames.map(({ data, packets }) => ({ end: (end += data.length), packets }));
    return ends.map((to, index) => {
      const from = ends[index - 1] ?? 0;
      const packets = packetEnds.filter((packet) => packet.end > from && packet.end <= to).flatMap((packet) => packet.packets);
      return { data: bytes.subarray(from, to), isBinary: true, packets };
    });
  }
}
