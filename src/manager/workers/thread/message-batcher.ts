/**
 * What a thread has to say to the manager's, in one message for each turn of the event loop. Only so many may be under
 * way: if the manager is behind, the rest grows into one large message, and from some size on the sockets are not read.
 */
import type { Clock } from '../../../clock.ts';
import type { Dispatch } from '../../../protocol/packets.ts';
import { LazyDispatch } from '../../../decoding/lazy-dispatch.ts';
import type { FromThread, OrderedMessage, ShardMessage } from '../wire/messages.ts';
import { DispatchBatchWriter } from '../wire/dispatch-batch.ts';

/** While one is handed out, the next is there already. */
const MAX_IN_FLIGHT = 2;
/** A turn with much to say says it in pieces, so that the other thread can begin. */
const BATCH_BYTES = 128 * 1024;
/** So much may wait before the sockets have to. */
const MAX_PENDING_BYTES = 512 * 1024;
const MAX_PENDING_MESSAGES = 4_096;

interface MessageBatcherOptions {
  readonly clock: Clock;
  post(message: FromThread, transfer: ArrayBuffer[]): void;
  /** Called before a batch is posted, to add what has changed. */
  onBeforePost(): void;
  /** Told whether more has to wait than may. */
  onBackPressure(full: boolean): void;
}

export class MessageBatcher {
  readonly #options: MessageBatcherOptions;
  readonly #dispatches = new DispatchBatchWriter();
  #messages: OrderedMessage[] = [];
  #inFlight = 0;
  #timer: unknown = null;
  #full = false;

  constructor(options: MessageBatcherOptions) {
    this.#options = options;
  }

  get isFull(): boolean {
    return this.#full;
  }

  send(key: number, message: ShardMessage): void {
    this.#messages.push({ ...message, key, after: this.#dispatches.count });
    this.#scheduleFlush();
  }

  sendDispatch(key: number, dispatch: Dispatch): void {
    this.#dispatches.add(key, dispatch.s, LazyDispatch.transferRaw(dispatch));
    if (this.#dispatches.byteLength >= BATCH_BYTES) this.flush();
    else this.#scheduleFlush();
  }

  /** The manager has handed out a batch. */
  acknowledge(): void {
    this.#inFlight -= 1;
    // What belongs to one turn stays together, unless it had to wait anyway.
    if (this.#timer === null) this.flush();
  }

  flush(): void {
    if (this.#dispatches.count === 0 && this.#messages.length === 0) return;
    if (this.#inFlight < MAX_IN_FLIGHT) this.#post();
    const isOverLimit =
      this.#dispatches.byteLength >= MAX_PENDING_BYTES || this.#messages.length >= MAX_PENDING_MESSAGES;
    if (isOverLimit === this.#full) return;
    this.#full = isOverLimit;
    this.#options.onBackPressure(isOverLimit);
  }

  #scheduleFlush(): void {
    this.#timer ??= this.#options.clock.setTimeout(() => {
      this.#timer = null;
      this.flush();
    }, 0);
  }

  #post(): void {
    this.#options.onBeforePost();
    const bytes = this.#dispatches.takeBuffer();
    const messages = this.#messages;
    this.#messages = [];
    this.#inFlight += 1;
    this.#options.post({ type: 'batch', bytes, messages }, [bytes]);
  }
}
