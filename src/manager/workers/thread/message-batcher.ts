/**
 * Collects the messages of a worker thread into one batch per turn of the event loop. At most two batches are in
 * flight. If the manager is behind, the next batch grows, and above a limit the sockets are not read.
 */
import type { Clock } from '../../../clock.ts';
import type { Dispatch } from '../../../protocol/packets.ts';
import { LazyDispatch } from '../../../decoding/lazy-dispatch.ts';
import type { FromThread, OrderedMessage, ShardMessage } from '../wire/messages.ts';
import { DispatchBatchWriter } from '../wire/dispatch-batch.ts';

/** While the manager processes one batch, the next is already there. */
const MAX_IN_FLIGHT = 2;
/** A larger batch is sent before the turn ends, so that the manager's thread can begin. */
const BATCH_BYTES = 128 * 1024;
/** Above this, the sockets are not read. */
const MAX_PENDING_BYTES = 512 * 1024;
const MAX_PENDING_MESSAGES = 4_096;

interface MessageBatcherOptions {
  readonly clock: Clock;
  post(message: FromThread, transfer: ArrayBuffer[]): void;
  /** Called before a batch is posted, to add stats that have changed. */
  onBeforePost(): void;
  /** Called with whether too much is pending. */
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

  /** Called when the manager has processed a batch. */
  acknowledge(): void {
    this.#inFlight -= 1;
    // Messages of the current turn stay together: the timer will flush them.
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
