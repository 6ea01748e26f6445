/**
 * What a thread has to say to the manager's, in one message for each turn of the event loop. Only so many may be under
 * way: if the manager is behind, the rest grows into one large message, and from some size on the sockets are not read.
 */
import type { Clock } from '../../clock.ts';
import type { Dispatch } from '../../protocol/packets.ts';
import { ReceivedDispatch } from '../../protocol/received-dispatch.ts';
import type { FromThread, Placed, Telling } from './messages.ts';
import { PacketRecords } from './packet-records.ts';

/** While one is handed out, the next is there already. */
const MAX_UNDER_WAY = 2;
/** A turn with much to say says it in pieces, so that the other thread can begin. */
const BATCH_BYTES = 128 * 1024;
/** So much may wait before the sockets have to. */
const MAX_WAITING_BYTES = 512 * 1024;
const MAX_WAITING_TELLINGS = 4_096;

interface Host {
  readonly clock: Clock;
  post(message: FromThread, transfer: ArrayBuffer[]): void;
  /** Called before a batch is posted, to add what has changed. */
  complete(): void;
  /** Told whether more has to wait than may. */
  onPressure(full: boolean): void;
}

export class Outbox {
  readonly #host: Host;
  readonly #records = new PacketRecords();
  #tellings: Placed[] = [];
  #underWay = 0;
  #timer: unknown = null;
  #full = false;

  constructor(host: Host) {
    this.#host = host;
  }

  get isFull(): boolean {
    return this.#full;
  }

  tell(key: number, telling: Telling): void {
    this.#tellings.push({ ...telling, key, after: this.#records.count });
    this.#soon();
  }

  dispatch(key: number, dispatch: Dispatch): void {
    this.#records.add(key, dispatch.s, ReceivedDispatch.giveAway(dispatch));
    if (this.#records.byteLength >= BATCH_BYTES) this.flush();
    else this.#soon();
  }

  /** The manager has handed out a batch. */
  taken(): void {
    this.#underWay -= 1;
    // What belongs to one turn stays together, unless it had to wait anyway.
    if (this.#timer === null) this.flush();
  }

  flush(): void {
    if (this.#records.count === 0 && this.#tellings.length === 0) return;
    if (this.#underWay < MAX_UNDER_WAY) this.#post();
    const waitsTooMuch = this.#records.byteLength >= MAX_WAITING_BYTES || this.#tellings.length >= MAX_WAITING_TELLINGS;
    if (waitsTooMuch === this.#full) return;
    this.#full = waitsTooMuch;
    this.#host.onPressure(waitsTooMuch);
  }

  #soon(): void {
    this.#timer ??= this.#host.clock.setTimeout(() => {
      this.#timer = null;
      this.flush();
    }, 0);
  }

  #post(): void {
    this.#host.complete();
    const bytes = this.#records.take();
    const tellings = this.#tellings;
    this.#tellings = [];
    this.#underWay += 1;
    this.#host.post({ type: 'batch', bytes, tellings }, [bytes]);
  }
}
