/**
 * Packs packets into WebSocket messages: compressed, joined and cut anywhere, as TCP, proxies and Discord's edge do.
 */
import { deflateSync } from 'node:zlib';
import type { Compression } from '../src/protocol/gateway-url.ts';
import type { Packet } from '../src/protocol/packets.ts';
import { Compressor } from './compressor.ts';
import type { SeededRandom } from '../src/testing/seeded-random.ts';
import type { SimClock } from './sim-clock.ts';
import type { Frame } from './sim-socket.ts';

const GARBAGE = Buffer.from('\u0007 no message of anybody \u0000\u00ff', 'latin1');

export class FramePacker {
  readonly #clock: SimClock;
  readonly #random: SeededRandom;
  readonly #compression: Compression;
  readonly #compressor: Compressor | null;
  readonly #transmit: (frames: readonly Frame[]) => void;
  #buffered: Frame[] = [];
  #isBuffering = false;

  /** @param transmit - sends frames that arrive at the same moment */
  constructor(
    clock: SimClock,
    random: SeededRandom,
    compression: Compression,
    transmit: (frames: readonly Frame[]) => void,
  ) {
    this.#clock = clock;
    this.#random = random;
    this.#compression = compression;
    this.#compressor =
      compression === 'zlib-stream' || compression === 'zstd-stream' ? new Compressor(compression) : null;
    this.#transmit = transmit;
  }

  send(packet: Packet, text = JSON.stringify(packet)): void {
    this.#buffer({ ...this.#encode(text), packets: [packet] });
  }

  /** Sends bytes that are not a message. */
  corrupt(): void {
    this.#buffer({ data: GARBAGE, isBinary: this.#compression !== 'none', packets: [] });
    this.flush();
  }

  /** Sends the buffered frames. */
  flush(): void {
    this.#isBuffering = false;
    const frames = this.#buffered;
    this.#buffered = [];
    if (frames.length === 0) return;
    const cut = this.#compressor === null ? frames : this.#recut(frames);
    if (cut.length === 1 || this.#random.chance(0.5)) this.#transmit(cut);
    else for (const frame of cut) this.#transmit([frame]);
  }

  close(): void {
    this.#compressor?.close();
    this.#buffered = [];
  }

  #encode(text: string): { data: Buffer; isBinary: boolean } {
    if (this.#compressor !== null) return { data: this.#compressor.compress(text), isBinary: true };
    if (this.#compression === 'payload' && this.#random.chance(0.5)) return { data: deflateSync(text), isBinary: true };
    return { data: Buffer.from(text), isBinary: false };
  }

  #buffer(frame: Frame): void {
    this.#buffered.push(frame);
    if (this.#isBuffering) return;
    if (!this.#random.chance(0.15)) return this.flush();
    this.#isBuffering = true;
    this.#clock.scheduleInWorld(() => this.flush(), this.#random.int(0, 40));
  }

  /** Joins the bytes of a compressed stream and cuts them at random. */
  #recut(frames: readonly Frame[]): Frame[] {
    if (frames.length === 1 && this.#random.chance(0.8)) return [...frames];
    const bytes = Buffer.concat(frames.map(({ data }) => data));
    const cuts = Array.from({ length: this.#random.int(0, 3) }, () =>
      this.#random.int(1, Math.max(1, bytes.length - 1)),
    );
    const ends = [...new Set([...cuts, bytes.length])].toSorted((a, b) => a - b);
    let end = 0;
    const packetEnds = frames.map(({ data, packets }) => ({ end: (end += data.length), packets }));
    return ends.map((to, index) => {
      const from = ends[index - 1] ?? 0;
      const packets = packetEnds
        .filter((packet) => packet.end > from && packet.end <= to)
        .flatMap((packet) => packet.packets);
      return { data: bytes.subarray(from, to), isBinary: true, packets };
    });
  }
}
