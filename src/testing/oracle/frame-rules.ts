/**
 * The rules about single frames: how large a frame is, how many a client sends, and that it contains a packet.
 * @see https://discord.com/developers/docs/events/gateway#rate-limiting
 */
import type { Packet } from '../../protocol/packets.ts';
import { parsePacket } from '../json-object.ts';
import { OP } from './opcodes.ts';
import type { OracleRule } from './oracle-rules.ts';

const MAX_PAYLOAD_BYTES = 4096;
const FRAMES = { max: 120, windowMs: 60_000 } as const;
const PRESENCES = { max: 5, windowMs: 20_000 } as const;
/** Below this interval heartbeats alone would exceed the limit. The gateway asked for them, so they do not count. */
const UNCOUNTED_BELOW_MS = 1000;

const MAX_BYTES_PER_CHARACTER = 3;

/** Measures only the few texts whose length leaves it open. */
const isLongerThan = (bytes: number, text: string): boolean =>
  text.length * MAX_BYTES_PER_CHARACTER > bytes && (text.length > bytes || Buffer.byteLength(text) > bytes);

/** Counts events of one kind in a sliding window, in a ring buffer of fixed size. */
class SlidingWindow {
  readonly #times: Float64Array;
  readonly #windowMs: number;
  #next = 0;

  /** Allows `max` events in any `windowMs`. */
  constructor(max: number, windowMs: number) {
    this.#times = new Float64Array(max).fill(-Infinity);
    this.#windowMs = windowMs;
  }

  /** Counts one more event. Returns whether it is within the limit. */
  count(now: number): boolean {
    const oldest = this.#times[this.#next] ?? -Infinity;
    this.#times[this.#next] = now;
    this.#next = (this.#next + 1) % this.#times.length;
    return now - oldest >= this.#windowMs;
  }
}

export class FrameRules {
  readonly #complain: (rule: OracleRule, what: string) => void;
  readonly #frames: SlidingWindow;
  readonly #presences: SlidingWindow;

  constructor(toleranceMs: number, complain: (rule: OracleRule, what: string) => void) {
    this.#complain = complain;
    this.#frames = new SlidingWindow(FRAMES.max, FRAMES.windowMs - toleranceMs);
    this.#presences = new SlidingWindow(PRESENCES.max, PRESENCES.windowMs - toleranceMs);
  }

  /** Judges a frame and returns its packet; `null` if there is none. `intervalMs` is 0 before HELLO. */
  check(text: string, intervalMs: number, now: number): Packet | null {
    const isTooLong = isLongerThan(MAX_PAYLOAD_BYTES, text);
    if (isTooLong) this.#complain('payload-size', 'a payload has more than 4096 bytes');
    const packet = parsePacket(text);
    this.#count(packet?.op, intervalMs, now);
    if (packet === null && !isTooLong) {
      this.#complain('decodable-frame', 'a frame is not a JSON object with an op');
    }
    return packet;
  }

  #count(op: number | undefined, intervalMs: number, now: number): void {
    if (op === OP.heartbeat && intervalMs > 0 && intervalMs < UNCOUNTED_BELOW_MS) return;
    if (!this.#frames.count(now)) this.#complain('frame-limit', 'more than 120 frames arrived within 60 s');
    if (op === OP.presence && !this.#presences.count(now)) {
      this.#complain('presence-limit', 'more than 5 presences arrived within 20 s');
    }
  }
}
