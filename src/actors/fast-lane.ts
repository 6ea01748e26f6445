/**
 * Where dispatches go: past the machine, to the session cell, which counts them, and to whoever listens. What nobody
 * listens to costs no more than its head.
 */
import type { GatewayError } from '../protocol/errors.ts';
import { PacketHead } from '../protocol/packet-head.ts';
import type { Packet } from '../protocol/packets.ts';
import { ReceivedDispatch } from '../protocol/received-dispatch.ts';
import type { DispatchOrigin } from '../protocol/received-dispatch.ts';
import type { ConnectionHost, Demand } from './connection-host.ts';

/** Read into by each message in turn: what it says is used before another is read. */
const head = new PacketHead();

export class FastLane implements DispatchOrigin {
  readonly #host: ConnectionHost;
  readonly #onCorrupted: (error: GatewayError) => void;
  /** The sequence before the dispatch that is being given out undecoded; `undefined` when there is none. */
  #before: number | null | undefined;
  /** Dispatches since RESUME was sent; `null` when it was not. */
  #replayed: number | null = null;
  #isOver = false;
  /** For the data of the message that is being read. */
  #demand: Demand = 'certain';

  constructor(host: ConnectionHost, onCorrupted: (error: GatewayError) => void) {
    this.#host = host;
    this.#onCorrupted = onCorrupted;
  }

  /** Takes a message that need not be decoded, or leaves it to the caller. */
  take(bytes: Buffer): boolean {
    this.#demand = head.read(bytes) ? this.#host.demandFor(head.t) : 'certain';
    if (this.#demand === 'certain' || this.#demand === 'likely' || !head.isWhole(bytes)) return false;
    const { t, s } = head;
    const { cell } = this.#host;
    const before = cell.sequence;
    this.count(s);
    if (this.#demand === 'none') {
      cell.markHandedOut(cell.id);
      return true;
    }
    this.#before = before;
    this.#give(ReceivedDispatch.undecoded(t, s, bytes, this), cell.id, 0);
    return true;
  }

  /** A dispatch came. */
  count(sequence: unknown): void {
    const { cell, vitals } = this.#host;
    if (typeof sequence === 'number') cell.advance(sequence);
    vitals.lastDispatchAt = vitals.lastFrameAt;
    if (this.#replayed !== null) this.#replayed += 1;
  }

  /** Hands out a dispatch that {@link take} left to be decoded. */
  give({ t, s, d }: Packet, bytes: Buffer, sessionId: string | null, replayed = 0): void {
    if (typeof t !== 'string') return;
    const origin = this.#demand === 'likely' ? this : null;
    // Whatever the types say, some gateways send a RESUMED without a sequence.
    this.#give(ReceivedDispatch.decoded(t, s as number, d, bytes, origin), sessionId, replayed);
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
    this.#isOver = true;
  }

  wasRead(t: string): void {
    this.#host.wasRead(t);
  }

  /** Found out while it is given out, the dispatch counts as not received, and will come again; later it is lost. */
  corrupted(error: GatewayError): void {
    if (this.#isOver) return;
    if (this.#before !== undefined) this.#host.cell.retreat(this.#before);
    this.#onCorrupted(error);
  }

  #give(dispatch: ReceivedDispatch, sessionId: string | null, replayed: number): void {
    try {
      this.#host.onDispatch(dispatch, sessionId, replayed);
    } finally {
      this.#before = undefined;
      dispatch.settle();
    }
  }
}
