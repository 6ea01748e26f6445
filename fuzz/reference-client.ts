/**
 * What a client must do with each message, written with `JSON.parse` and as plainly as possible: what it delivers, its
 * sequence, and which messages end a connection. The real one must do exactly the same.
 */
import { endOfObject } from './wire/reference-decoder.ts';

export interface ExpectedDispatch {
  readonly t: string;
  readonly s: number | null;
  readonly d: unknown;
  readonly bytes: Buffer;
}

/**
 * `broken`: a fault and a RESUME. `resume` and `identify`: the gateway asked for it. `unsure`: a client may also wait for
 * the rest of this message, so the gateway closes.
 */
export type Effect = 'none' | 'broken' | 'unsure' | 'resume' | 'identify';

export interface ReferenceOptions {
  /** Whether anything reads the data of a dispatch. */
  readonly wants: (t: string) => boolean;
  /** With a `raw` listener each message is decoded at once. */
  readonly hasRaw: boolean;
  /** With threads, data that looks whole is decoded in the thread of the manager. */
  readonly hasThreads: boolean;
}

interface Packet {
  readonly op?: unknown;
  readonly t?: unknown;
  readonly s?: unknown;
  readonly d?: unknown;
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** The only form in which the sequence of a message can be read although its data is broken. */
const HEADER = /^\{((?:"t":"[A-Z0-9_]*",|"s":(?:0|[1-9]\d{0,14}),|"op":0,){3})"d":/;

export function headerOf(bytes: Buffer): { t: string; s: number; dataAt: number } | null {
  // The name may be as long as the message.
  const match = HEADER.exec(bytes.toString('latin1'));
  const fields = match?.[1] ?? '';
  const t = /"t":"([A-Z0-9_]*)"/.exec(fields)?.[1];
  const s = /"s":(\d+)/.exec(fields)?.[1];
  if (match === null || t === undefined || s === undefined || !fields.includes('"op":0')) return null;
  return { t, s: Number(s), dataAt: match[0].length };
}

const [OPENING_BRACE, CLOSING_BRACE] = [0x7b, 0x7d];

const isWhole = (bytes: Buffer, dataAt: number): boolean =>
  bytes[dataAt] === OPENING_BRACE &&
  bytes.at(-1) === CLOSING_BRACE &&
  endOfObject(bytes, dataAt, true) === bytes.length - 1;

function isObject(bytes: Buffer): boolean {
  try {
    const value: unknown = JSON.parse(bytes.toString());
    return typeof value === 'object' && value !== null;
  } catch {
    return false;
  }
}

const MAX_FAILURES = 3;
/** They end the handshake, so they are never skipped. */
const HANDSHAKE: ReadonlySet<unknown> = new Set(['READY', 'RESUMED']);
/** What the shard reads for itself. */
const OWN_EVENTS: ReadonlySet<unknown> = new Set(['READY', 'RESUMED', 'RATE_LIMITED']);

export class ReferenceClient {
  readonly expected: ExpectedDispatch[] = [];
  readonly expectedRaw: unknown[] = [];
  readonly faults = { DECODE_FAILED: 0, DISPATCH_SKIPPED: 0 };
  /** How many more `DECODE_FAILED` there may be. */
  optionalFaults = 0;
  sessionId: string | null = null;
  sequence: number | null = null;
  /** Whether a request for members is open. */
  awaitsMembers = false;
  readonly #options: ReferenceOptions;
  #isReplaying = false;
  /** The sequence at the last delivery of the session. */
  #delivered = 0;
  #failed: { sequence: number; times: number } | null = null;
  #lastRewind: number | null = null;
  /** What was expected before the client could no longer read for certain. */
  #certain: { sequence: number | null; delivered: number; expected: number; raw: number } | null = null;

  constructor(options: ReferenceOptions) {
    this.#options = options;
  }

  /** A client may take what comes on this connection from now on, or not. */
  markUncertain(): void {
    this.#certain = {
      sequence: this.sequence,
      delivered: this.#delivered,
      expected: this.expected.length,
      raw: this.expectedRaw.length,
    };
  }

  /** RESUME says which of the two it was. */
  settleUncertain(resumedFrom: unknown): void {
    const certain = this.#certain;
    this.#certain = null;
    if (certain === null || resumedFrom !== certain.sequence || resumedFrom === this.sequence) return;
    this.sequence = certain.sequence;
    this.#delivered = certain.delivered;
    this.expected.length = certain.expected;
    this.expectedRaw.length = certain.raw;
  }

  /**
   * Returns whether a RESUME may ask for what follows this sequence. The manager's thread knows of no dispatch that has
   * no listener, so it may ask for those again.
   */
  mayResumeFrom(sequence: unknown): sequence is number {
    const received = this.sequence ?? 0;
    if (sequence === received) return true;
    return this.#options.hasThreads && isCount(sequence) && sequence < received && sequence >= this.#delivered;
  }

  startReplay(from: number): void {
    this.sequence = from;
    this.#isReplaying = true;
  }

  /** The connection has ended. */
  disconnect(): void {
    this.#isReplaying = false;
  }

  /** Frames that are no message end the connection. */
  breakConnection(): Effect {
    this.faults.DECODE_FAILED += 1;
    return 'broken';
  }

  /** Returns whether these bytes are a whole message to the client, so that it waits for nothing more. */
  accepts(bytes: Buffer): boolean {
    const header = headerOf(bytes);
    if (header !== null && !HANDSHAKE.has(header.t) && this.#mustSkip(header.s)) return true;
    return isObject(bytes) || this.isFoundBrokenLate(bytes);
  }

  receive(bytes: Buffer): Effect {
    const header = headerOf(bytes);
    if (header !== null && !HANDSHAKE.has(header.t) && this.#skips(header.s)) return 'none';
    let packet: Packet;
    try {
      packet = JSON.parse(bytes.toString()) as Packet;
    } catch {
      return this.#receiveBroken(bytes, header);
    }
    if (typeof packet !== 'object' || packet === null) return this.breakConnection();
    this.expectedRaw.push(packet);
    if (packet.op === 0) return this.#receiveDispatch(packet, bytes);
    if (packet.op === 7) return 'resume';
    if (packet.op !== 9) return 'none';
    if (packet.d === true) return 'resume';
    this.#clear();
    return 'identify';
  }

  /** Returns whether a listener would get this dispatch although its data can't be read. */
  isFoundBrokenLate(bytes: Buffer): boolean {
    const header = headerOf(bytes);
    return header !== null && isWhole(bytes, header.dataAt) && !this.#isDecodedAtOnce(header.t);
  }

  #isDecodedAtOnce(t: string): boolean {
    return this.#options.hasRaw || OWN_EVENTS.has(t) || (t === 'GUILD_MEMBERS_CHUNK' && this.awaitsMembers);
  }

  #receiveBroken(bytes: Buffer, header: ReturnType<typeof headerOf>): Effect {
    if (header === null) return this.breakConnection();
    const { t, s, dataAt } = header;
    const { wants, hasThreads } = this.#options;
    const isLazy = !this.#isDecodedAtOnce(t) && isWhole(bytes, dataAt);
    if (isLazy && !wants(t)) {
      this.#arrives(s);
      return 'none';
    }
    // Where strings end depends on how one reads a backslash between them, which JSON does not have.
    if (isLazy && endOfObject(bytes) !== bytes.length) {
      this.optionalFaults += 1;
      return 'unsure';
    }
    if (!isLazy || !hasThreads) {
      this.#fail(s);
      return this.breakConnection();
    }
    // The manager resumes once for each; what fails again is lost.
    const isRepeated = this.#lastRewind === s;
    this.#lastRewind = s;
    if (!isRepeated) return this.breakConnection();
    this.faults.DECODE_FAILED += 1;
    this.#arrives(s);
    return 'none';
  }

  #receiveDispatch(packet: Packet, bytes: Buffer): Effect {
    const { t, s, d } = packet;
    if (t === 'READY') return this.#receiveReady(packet, bytes);
    if (t === 'RESUMED') {
      this.#record(s);
      this.#isReplaying = false;
    } else if (this.#skips(s) || !this.#arrives(s)) return 'none';
    if (typeof t === 'string') this.#deliver(t, s, d, bytes);
    return 'none';
  }

  #receiveReady({ s, d }: Packet, bytes: Buffer): Effect {
    this.#record(s);
    const sessionId: unknown = typeof d === 'object' && d !== null ? Reflect.get(d, 'session_id') : undefined;
    if (typeof sessionId !== 'string' || sessionId === '') return this.breakConnection();
    if (sessionId !== this.sessionId) {
      this.#isReplaying = false;
      this.#clear();
      this.#record(s);
      this.#lastRewind = null;
      this.sessionId = sessionId;
    }
    this.#deliver('READY', s, d, bytes);
    return 'none';
  }

  #deliver(t: string, s: unknown, d: unknown, bytes: Buffer): void {
    if (!this.#options.wants(t)) return;
    this.expected.push({ t, s: isCount(s) ? s : null, d, bytes });
    this.#delivered = this.sequence ?? 0;
  }

  /** Returns whether a dispatch counts: a replay may repeat what was received before. */
  #arrives(s: unknown): boolean {
    if (this.#isReplaying && isCount(s) && this.sequence !== null && s <= this.sequence) return false;
    this.#record(s);
    return true;
  }

  #record(s: unknown): void {
    if (isCount(s) && (this.sequence === null || s > this.sequence)) this.sequence = s;
  }

  #fail(sequence: number): void {
    if (this.sessionId === null) return;
    this.#failed = { sequence, times: this.#failed?.sequence === sequence ? this.#failed.times + 1 : 1 };
  }

  #mustSkip(s: unknown): boolean {
    return this.#failed !== null && this.#failed.times >= MAX_FAILURES && this.#failed.sequence === s;
  }

  #skips(s: unknown): boolean {
    if (!this.#mustSkip(s)) return false;
    this.#record(s);
    this.#failed = null;
    this.faults.DISPATCH_SKIPPED += 1;
    return true;
  }

  #clear(): void {
    this.sessionId = null;
    this.sequence = null;
    this.#delivered = 0;
    this.#failed = null;
  }
}
