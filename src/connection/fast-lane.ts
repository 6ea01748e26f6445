/**
 * Where dispatches go: past the machine, to the session cell, which counts them, and to whoever listens. What nobody
 * listens to costs no more than its head.
 */
import type { GatewayError } from '../protocol/errors.ts';
import { DispatchHeaderReader } from '../decoding/dispatch-header.ts';
import type { Packet } from '../protocol/packets.ts';
import { LazyDispatch } from '../decoding/lazy-dispatch.ts';
import type { DispatchObserver } from '../decoding/lazy-dispatch.ts';
import type { DecodeHint } from '../decoding/decode-predictor.ts';
import type { ConnectionDelegate } from './connection-delegate.ts';

/** Read into by each message in turn: what it says is used before another is read. */
const header = new DispatchHeaderReader();

export class FastLane implements DispatchObserver {
  readonly #delegate: ConnectionDelegate;
  readonly #onDecodeFailed: (error: GatewayError) => void;
  /** The sequence before the dispatch that is being given out undecoded; `undefined` when there is none. */
  #sequenceBefore: number | null | undefined;
  /** Dispatches since RESUME was sent; `null` when it was not. */
  #replayed: number | null = null;
  #isClosed = false;
  /** For the data of the message that is being read. */
  #decodeHint: DecodeHint = 'certain';

  constructor(delegate: ConnectionDelegate, onDecodeFailed: (error: GatewayError) => void) {
    this.#delegate = delegate;
    this.#onDecodeFailed = onDecodeFailed;
  }

  /** Takes a message that need not be decoded, or leaves it to the caller. */
  tryHandle(bytes: Buffer): boolean {
    this.#decodeHint = header.read(bytes) ? this.#delegate.dispatcher.decodeHintFor(header.t) : 'certain';
    if (this.#decodeHint === 'certain' || this.#decodeHint === 'likely' || !header.isWhole(bytes)) return false;
    const { t, s } = header;
    const { session } = this.#delegate;
    const sequenceBefore = session.sequence;
    this.recordSequence(s);
    if (this.#decodeHint === 'none') {
      session.markDelivered(session.id);
      return true;
    }
    this.#sequenceBefore = sequenceBefore;
    this.#deliver(LazyDispatch.undecoded(t, s, bytes, this), session.id, 0);
    return true;
  }

  /** A dispatch came. */
  recordSequence(sequence: unknown): void {
    const { session, activityTimes } = this.#delegate;
    if (typeof sequence === 'number') session.recordSequence(sequence);
    activityTimes.lastDispatchAt = activityTimes.lastFrameAt;
    if (this.#replayed !== null) this.#replayed += 1;
  }

  /** Hands out a dispatch that {@link tryHandle} left to be decoded. */
  deliver({ t, s, d }: Packet, bytes: Buffer, sessionId: string | null, replayed = 0): void {
    if (typeof t !== 'string') return;
    const observer = this.#decodeHint === 'likely' ? this : null;
    // Whatever the types say, some gateways send a RESUMED without a sequence.
    this.#deliver(LazyDispatch.decoded(t, s as number, d, bytes, observer), sessionId, replayed);
  }

  /** RESUME was sent: what comes until RESUMED is a replay. */
  startReplay(): void {
    this.#replayed = 0;
  }

  /** RESUMED came. Gives how many dispatches came before it. */
  endReplay(): number {
    const replayed = this.#replayed === null ? 0 : this.#replayed - 1;
    this.#replayed = null;
    return replayed;
  }

  /** The connection is over: what is found out from now on changes nothing. */
  close(): void {
    this.#isClosed = true;
  }

  onDataRead(t: string): void {
    this.#delegate.decodePredictor.onDataRead(t);
  }

  /** Found out while it is given out, the dispatch counts as not received, and will come again; later it is lost. */
  onCorruptData(error: GatewayError): void {
    if (this.#isClosed) return;
    if (this.#sequenceBefore !== undefined) this.#delegate.session.rollBack(this.#sequenceBefore);
    this.#onDecodeFailed(error);
  }

  #deliver(dispatch: LazyDispatch, sessionId: string | null, replayed: number): void {
    try {
      this.#delegate.dispatcher.deliver(dispatch, sessionId, replayed);
      this.#delegate.session.markDelivered(sessionId);
    } finally {
      this.#sequenceBefore = undefined;
      dispatch.releaseBuffer();
    }
  }
}
