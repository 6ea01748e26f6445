/**
 * What a client must do with each message, written with `JSON.parse` and as plainly as possible: what it delivers, its
 * sequence, and which messages end a connection. The real one must do exactly the same.
 */
import { Patience } from './patience.ts';
import { headerOf, isWhole } from './wire/header.ts';
import type { Header } from './wire/header.ts';
import { endOfObject } from './wire/reference-decoder.ts';

export interface ExpectedDispatch {
  readonly t: string;
  readonly s: number | null;
  readonly d: unknown;
  readonly bytes: Buffer;
  /** Reading the data fails: it is not JSON. */
  readonly isBroken?: true;
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
  /** Whether the data are read in a later turn, when the dispatch counts as delivered. */
  readonly readsLater: boolean;
  /** How many resumes may fail in a row before the session is given up. */
  readonly maxResumeAttempts: number;
}

interface Packet {
  readonly op?: unknown;
  readonly t?: unknown;
  readonly s?: unknown;
  readonly d?: unknown;
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function isObject(bytes: Buffer): boolean {
  try {
    const value: unknown = JSON.parse(bytes.toString());
    return typeof value === 'object' && value !== null;
  } catch {
    return false;
  }
}

/** They end the handshake, so they are never skipped. */
const HANDSHAKE: ReadonlySet<unknown> = new Set(['READY', 'RESUMED']);
/** What the shard reads for itself. */
const OWN_EVENTS: ReadonlySet<unknown> = new Set(['READY', 'RESUMED', 'RATE_LIMITED']);

export class ReferenceClient {
  readonly expected: ExpectedDispatch[] = [];
  readonly expectedRaw: unknown[] = [];
  readonly faults = { DECODE_FAILED: 0, DISPATCH_SKIPPED: 0, RESUMES_EXHAUSTED: 0 };
  /** How many more `DECODE_FAILED` there may be. */
  optionalFaults = 0;
  sessionId: string | null = null;
  sequence: number | null = null;
  /** Whether a request for members is open. */
  awaitsMembers = false;
  readonly #options: ReferenceOptions;
  readonly #patience: Patience;
  #isReplaying = false;
  /** The sequence at the last delivery of the session. */
  #delivered = 0;
  #lastRewind: number | null = null;
  #awaitsRewind = false;
  /** What was expected before the client could no longer read for certain. */
  #certain: { sequence: number | null; delivered: number; expected: number; raw: number } | null = null;

  constructor(options: ReferenceOptions) {
    this.#options = options;
    this.#patience = new Patience(options.maxResumeAttempts);
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

  /**
   * Whether the manager has found a dispatch broken, and its thread does not know it yet. Until then the thread reads on,
   * and what it can't read ends its connection before the manager's request does.
   */
  get awaitsRewind(): boolean {
    return this.#awaitsRewind;
  }

  /** Returns whether the thread resumes before it knows of the dispatch that the manager found broken. */
  isBeforeRewind(sequence: unknown): boolean {
    return this.#awaitsRewind && isCount(sequence) && sequence > (this.sequence ?? 0);
  }

  startReplay(from: number): void {
    this.#awaitsRewind = false;
    this.sequence = from;
    this.#isReplaying = true;
    this.#patience.startResume();
  }

  /** The connection has ended. */
  disconnect(): void {
    this.#isReplaying = false;
  }

  /** Returns whether the client gives its session up, now that the connection ends. */
  endConnection(): boolean {
    const isGivenUp = this.#patience.endConnection();
    if (!isGivenUp || this.sessionId === null) return false;
    this.faults.RESUMES_EXHAUSTED += 1;
    this.#endSession();
    return true;
  }

  /** Frames that are no message end the connection. */
  breakConnection(hasSequence = false): Effect {
    this.faults.DECODE_FAILED += 1;
    if (!hasSequence && this.sessionId !== null) this.#patience.countUnreadable();
    return 'broken';
  }

  /** Returns whether these bytes are a whole message to the client, so that it waits for nothing more. */
  accepts(bytes: Buffer): boolean {
    const header = headerOf(bytes);
    if (header !== null && !HANDSHAKE.has(header.t) && this.#patience.mustSkip(header.s)) return true;
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
    this.#endSession();
    return 'identify';
  }

  /** Returns whether a listener would get this dispatch although its data can't be read. */
  isFoundBrokenLate(bytes: Buffer): boolean {
    const header = headerOf(bytes);
    return header !== null && isWhole(bytes, header) && !this.#isDecodedAtOnce(header.t);
  }

  #isDecodedAtOnce(t: string): boolean {
    return this.#options.hasRaw || OWN_EVENTS.has(t) || (t === 'GUILD_MEMBERS_CHUNK' && this.awaitsMembers);
  }

  #receiveBroken(bytes: Buffer, header: Header | null): Effect {
    if (header === null) return this.breakConnection();
    const { t, s } = header;
    const { wants, hasThreads, readsLater } = this.#options;
    const isLazy = !this.#isDecodedAtOnce(t) && isWhole(bytes, header);
    if (isLazy && !wants(t)) {
      this.#arrives(s);
      return 'none';
    }
    // Where strings end depends on how one reads a backslash between them, which JSON does not have.
    if (isLazy && endOfObject(bytes) !== bytes.length) {
      this.optionalFaults += 1;
      return 'unsure';
    }
    if (isLazy && readsLater) {
      if (!this.#arrives(s)) return 'none';
      this.expected.push({ t, s, d: undefined, bytes, isBroken: true });
      this.#delivered = s;
      return this.breakConnection(true);
    }
    if (!isLazy || !hasThreads) {
      if (this.sessionId !== null) this.#patience.recordFailure(s);
      return this.breakConnection(true);
    }
    // The manager resumes once for each; what fails again is lost.
    const isRepeated = this.#lastRewind === s;
    this.#lastRewind = s;
    if (!isRepeated) {
      this.#awaitsRewind = true;
      return this.breakConnection(true);
    }
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
      this.#patience.endResume();
    } else if (this.#skips(s) || !this.#arrives(s)) return 'none';
    if (typeof t === 'string') this.#deliver(t, s, d, bytes);
    return 'none';
  }

  #receiveReady({ s, d }: Packet, bytes: Buffer): Effect {
    this.#record(s);
    const sessionId: unknown = typeof d === 'object' && d !== null ? Reflect.get(d, 'session_id') : undefined;
    if (typeof sessionId !== 'string' || sessionId === '') return this.breakConnection();
    this.#patience.endResume();
    if (sessionId !== this.sessionId) {
      this.#isReplaying = false;
      this.#endSession();
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

  #skips(s: unknown): boolean {
    if (!this.#patience.mustSkip(s)) return false;
    this.#record(s);
    this.#patience.forgetFailure();
    this.faults.DISPATCH_SKIPPED += 1;
    return true;
  }

  #endSession(): void {
    this.sessionId = null;
    this.sequence = null;
    this.#delivered = 0;
    this.#patience.reset();
  }
}
