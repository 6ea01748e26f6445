/**
 * Takes dispatches past the machine: to the session, which keeps their sequence, and to the dispatcher. A dispatch
 * without a listener costs no more than reading its header.
 */
import { GatewayError } from '../protocol/errors.ts';
import { shortName } from '../protocol/printable.ts';
import { DispatchHeaderReader } from '../decoding/dispatch-header.ts';
import { knownName } from '../decoding/dispatch-names.ts';
import { JsonObjectSplitter } from '../decoding/json-object-splitter.ts';
import type { Packet } from '../protocol/packets.ts';
import { isCount } from '../protocol/validation.ts';
import { LazyDispatch } from '../decoding/lazy-dispatch.ts';
import type { DispatchObserver } from '../decoding/lazy-dispatch.ts';
import type { DecodeHint } from '../decoding/decode-predictor.ts';
import type { ConnectionDelegate } from './connection-delegate.ts';

const OPENING_BRACE = 0x7b;

/** Shared by all connections: each message is handled before the next is read. */
const header = new DispatchHeaderReader();

/** They end the handshake, so they are handled even if they repeat a sequence or have failed before. */
const HANDSHAKE: ReadonlySet<unknown> = new Set(['READY', 'RESUMED']);

/** After so many dispatches in a row whose data was needed, a message is decoded without a look at its header. */
const GUESS_AFTER = 32;

const isNeeded = (hint: DecodeHint): boolean => hint === 'certain' || hint === 'likely';

/** For one in so many dispatches that are decoded without reading their headers first, a hint is asked for. A power of 2. */
const SAMPLE_EVERY = 8;

/** Spreads the samples evenly over all sequences, and in no order that types of dispatches could follow too. */
const GOLDEN_RATIO = 0x9e_37_79_b1;

const isSample = (sequence: unknown): boolean =>
  typeof sequence !== 'number' || Math.imul(sequence, GOLDEN_RATIO) >>> 0 < 2 ** 32 / SAMPLE_EVERY;

/** Returns whether another object follows the first one. */
function hasNextObject(bytes: Buffer): boolean {
  const [first] = new JsonObjectSplitter().push(bytes);
  return first !== undefined && bytes[first.length] === OPENING_BRACE;
}

export interface FastLaneCallbacks {
  /** Called when the data of a dispatch turns out to be corrupt as it is read. */
  onDataCorrupt(error: GatewayError): void;
  /** Called at the first dispatch after RESUME, also if it repeats one. */
  onReplayStarted(): void;
}

export class FastLane implements DispatchObserver {
  readonly #delegate: ConnectionDelegate;
  readonly #callbacks: FastLaneCallbacks;
  /** The sequence of the dispatch that is being handled; `null` while it is not known. */
  #current: number | null = null;
  /** The sequence before that dispatch; `undefined` while the dispatch does not count as received. */
  #sequenceBefore: number | null | undefined;
  /** Dispatches since RESUME was sent; `null` when no replay is running. */
  #replayed: number | null = null;
  #hasReplayStarted = false;
  #isClosed = false;
  /** For the message that is being handled. */
  #decodeHint: DecodeHint = 'certain';
  /** Whether the header of that message has been read. */
  #hasHeader = false;
  #neededInARow = 0;

  constructor(delegate: ConnectionDelegate, callbacks: FastLaneCallbacks) {
    this.#delegate = delegate;
    this.#callbacks = callbacks;
  }

  /** Handles a message that need not be decoded. Returns `false` for any other. */
  tryHandle(bytes: Buffer): boolean {
    const { session } = this.#delegate;
    this.#decodeHint = 'certain';
    this.#hasHeader = this.#neededInARow < GUESS_AFTER || session.hasFailures;
    if (!this.#hasHeader || !header.read(bytes)) return false;
    const { t, s } = header;
    this.#current = s;
    // Before it is decoded, which may be what fails.
    if (session.mustSkip(s) && !HANDSHAKE.has(t)) {
      // The decoder of a stream may pass several messages at once. It splits them if they are not taken as one.
      if (hasNextObject(bytes)) return false;
      this.#show(t, s, bytes);
      this.#skip(t, s);
      return true;
    }
    const hint = this.#predict(t, 1);
    if (isNeeded(hint) || !header.isWhole(bytes)) return false;
    this.#show(t, s, bytes);
    if (!this.#recordArrival(s)) return true;
    this.#keep(t, s, bytes);
    if (hint === 'none') session.markDelivered(session.id);
    else this.#deliver(LazyDispatch.undecoded(t, s, bytes, this), session.id, 0);
    return true;
  }

  /**
   * Drops a dispatch that can't be decoded, if a replay repeats it although it was received or skipped, or if nobody
   * needs its data. Returns `false` for any other message. To be called after {@link tryHandle}.
   */
  dropRepeated(bytes: Buffer): boolean {
    const { session } = this.#delegate;
    if (!this.#hasHeader) {
      // Nobody may need its data, after all.
      this.#neededInARow = 0;
      if (this.tryHandle(bytes)) return true;
    }
    if (this.#current === null || this.#replayed === null || !session.hasReceived(this.#current)) return false;
    if (HANDSHAKE.has(header.t) || !header.isWhole(bytes)) return false;
    this.#recordArrival(this.#current);
    return true;
  }

  /** Handles a dispatch that the caller has decoded. */
  handle(packet: Packet, bytes: Buffer): void {
    const { s } = packet;
    const { session } = this.#delegate;
    if (isCount(s)) this.#current = s;
    if (session.hasFailures && session.mustSkip(s)) this.#skip(packet.t, s);
    else if (this.#recordArrival(s)) {
      const t = typeof packet.t === 'string' ? knownName(packet.t) : packet.t;
      this.#keep(t, s, bytes);
      // Without its header, a dispatch was decoded unasked. Some are enough to notice that data is no longer read.
      const isAsked = !this.#hasHeader && typeof t === 'string' && isSample(s);
      if (isAsked && this.#predict(t, SAMPLE_EVERY) === 'none') session.markDelivered(session.id);
      else this.#deliverDecoded(t, packet, bytes, session.id, 0);
    }
  }

  /** Predicts whether the data of a dispatch will be read. Called once for each, or for one of `count` of them. */
  #predict(t: string, count: number): DecodeHint {
    this.#decodeHint = this.#delegate.dispatcher.decodeHintFor(t, count);
    this.#neededInARow = isNeeded(this.#decodeHint) ? this.#neededInARow + 1 : 0;
    return this.#decodeHint;
  }

  /** Records that READY or RESUMED arrived. It is never repeated, so it counts as received even if handling it fails. */
  recordHandshake(sequence: unknown): void {
    this.#delegate.session.recordSequence(sequence);
    this.#delegate.activityTimes.recordDispatch();
    this.#current = null;
  }

  /** Keeps a dispatch for the next process, if it is of use there. */
  #keep(t: unknown, sequence: unknown, bytes: Buffer): void {
    const { guildKeeper, session } = this.#delegate;
    if (guildKeeper !== null && typeof t === 'string' && guildKeeper.wants(t))
      guildKeeper.keep(session.id, t, sequence, bytes);
  }

  /** Delivers a dispatch that counts as received. */
  deliver(packet: Packet, bytes: Buffer, sessionId: string | null, replayed = 0): void {
    this.#deliverDecoded(packet.t, packet, bytes, sessionId, replayed);
  }

  #deliverDecoded(t: unknown, { s, d }: Packet, bytes: Buffer, sessionId: string | null, replayed: number): void {
    if (typeof t !== 'string') return;
    const observer = this.#decodeHint === 'certain' ? null : this;
    // Some gateways send a RESUMED without a sequence, whatever the types say.
    const sequence = (isCount(s) ? s : null) as number;
    this.#deliver(LazyDispatch.decoded(t, sequence, d, bytes, observer), sessionId, replayed);
  }

  /** Called when RESUME is sent: the dispatches until RESUMED are a replay. */
  startReplay(): void {
    this.#replayed = 0;
    this.#hasReplayStarted = false;
  }

  /** A resume from sequence 0 repeats the READY of the session, and the replay goes on. */
  countReplayedReady(): void {
    if (this.#replayed !== null) this.#replayed += 1;
  }

  /** Called at RESUMED, or at the READY of another session in its place. Returns the number of replayed dispatches before it. */
  endReplay(): number {
    const replayed = this.#replayed ?? 0;
    this.#replayed = null;
    return replayed;
  }

  /** The message has been handled. */
  settle(): void {
    this.#current = null;
    this.#sequenceBefore = undefined;
  }

  /**
   * The message could not be read or handled: its dispatch counts as not received, and a resume repeats it. Returns
   * whether its sequence is known, so that it is skipped if a replay repeats it too often.
   */
  abandon(): boolean {
    if (this.#isClosed) return false;
    const { session } = this.#delegate;
    const hasSequence = this.#current !== null;
    if (this.#sequenceBefore !== undefined) session.rollBack(this.#sequenceBefore);
    if (this.#current !== null) session.recordFailure(this.#current);
    this.settle();
    return hasSequence;
  }

  /** From now on, corrupt data changes nothing: the connection has ended. */
  close(): void {
    this.#isClosed = true;
  }

  onDataRead(t: string): void {
    this.#delegate.decodePredictor.onDataRead(t);
  }

  /** Corrupt data that is noticed after delivery ends the connection too, but that dispatch is lost. */
  onCorruptData(error: GatewayError): void {
    if (this.#isClosed) return;
    this.abandon();
    this.#callbacks.onDataCorrupt(error);
  }

  #show(t: string, s: number, bytes: Buffer): void {
    const { frameTap } = this.#delegate;
    if (frameTap.isObserved) frameTap.dispatch(t, s, bytes.length);
  }

  /** Returns `false` for a dispatch that was received before the replay and is repeated in it. */
  #recordArrival(sequence: unknown): boolean {
    const { session } = this.#delegate;
    this.#delegate.activityTimes.recordDispatch();
    if (this.#replayed !== null) {
      this.#noteReplay();
      if (session.hasReceived(sequence)) return false;
      this.#replayed += 1;
    }
    this.#sequenceBefore = session.sequence;
    session.recordSequence(sequence);
    return true;
  }

  /** The gateway has answered RESUME, even if it only repeats what was received. */
  #noteReplay(): void {
    if (this.#hasReplayStarted) return;
    this.#hasReplayStarted = true;
    this.#callbacks.onReplayStarted();
  }

  /** Counts a dispatch as delivered that has ended several connections. */
  #skip(t: unknown, sequence: unknown): void {
    this.#delegate.session.skip(sequence);
    this.#delegate.activityTimes.recordDispatch();
    if (this.#replayed !== null) this.#noteReplay();
    const name = typeof t === 'string' && t !== '' ? shortName(t) : 'a dispatch';
    const message = `${name} with sequence ${String(sequence)} could not be handled on several connections; it is skipped`;
    this.#delegate.fault(new GatewayError('DISPATCH_SKIPPED', message));
  }

  #deliver(dispatch: LazyDispatch, sessionId: string | null, replayed: number): void {
    try {
      this.#delegate.dispatcher.deliver(dispatch, sessionId, replayed);
      this.#delegate.session.markDelivered(sessionId);
    } finally {
      dispatch.releaseBuffer();
    }
  }
}
