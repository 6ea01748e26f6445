/**
 * Takes dispatches past the machine: to the session, which keeps their sequence, and to the dispatcher. A dispatch
 * without a listener costs no more than reading its header.
 */
import type { GatewayError } from '../protocol/errors.ts';
import { DispatchHeaderReader } from '../decoding/dispatch-header.ts';
import type { Packet } from '../protocol/packets.ts';
import { LazyDispatch } from '../decoding/lazy-dispatch.ts';
import type { DispatchObserver } from '../decoding/lazy-dispatch.ts';
import type { DecodeHint } from '../decoding/decode-predictor.ts';
import type { ConnectionDelegate } from './connection-delegate.ts';

/** Shared by all connections: each message is handled before the next is read. */
const header = new DispatchHeaderReader();

export class FastLane implements DispatchObserver {
  readonly #delegate: ConnectionDelegate;
  readonly #onDecodeFailed: (error: GatewayError) => void;
  /** The sequence before the undecoded dispatch that is being delivered; `undefined` when there is none. */
  #sequenceBefore: number | null | undefined;
  /** Dispatches since RESUME was sent; `null` when no replay is running. */
  #replayed: number | null = null;
  #isClosed = false;
  /** For the message that is being handled. */
  #decodeHint: DecodeHint = 'certain';

  constructor(delegate: ConnectionDelegate, onDecodeFailed: (error: GatewayError) => void) {
    this.#delegate = delegate;
    this.#onDecodeFailed = onDecodeFailed;
  }

  /** Handles a message that need not be decoded. Returns `false` for any other. */
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

  /** Records that a dispatch arrived. */
  recordSequence(sequence: unknown): void {
    const { session, activityTimes } = this.#delegate;
    if (typeof sequence === 'number') session.recordSequence(sequence);
    activityTimes.lastDispatchAt = activityTimes.lastFrameAt;
    if (this.#replayed !== null) this.#replayed += 1;
  }

  /** Delivers a dispatch that the caller has decoded. */
  deliver({ t, s, d }: Packet, bytes: Buffer, sessionId: string | null, replayed = 0): void {
    if (typeof t !== 'string') return;
    const observer = this.#decodeHint === 'likely' ? this : null;
    // Some gateways send a RESUMED without a sequence, whatever the types say.
    this.#deliver(LazyDispatch.decoded(t, s as number, d, bytes, observer), sessionId, replayed);
  }

  /** Called when RESUME is sent: the dispatches until RESUMED are a replay. */
  startReplay(): void {
    this.#replayed = 0;
  }

  /** Called at RESUMED. Returns the number of replayed dispatches before it. */
  endReplay(): number {
    const replayed = this.#replayed === null ? 0 : this.#replayed - 1;
    this.#replayed = null;
    return replayed;
  }

  /** From now on, corrupt data changes nothing: the connection has ended. */
  close(): void {
    this.#isClosed = true;
  }

  onDataRead(t: string): void {
    this.#delegate.decodePredictor.onDataRead(t);
  }

  /**
   * If corrupt data is noticed during delivery, the dispatch counts as not received, and a resume repeats it. If it is
   * noticed later, the dispatch is lost.
   */
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
