/**
 * Collects the messages of a worker thread into one batch per turn of the event loop. At most two batches are in
 * flight. If the manager is behind, the next batch grows. Above a limit the sockets are not read, and above another the
 * connections are left: a replay has to be read.
 */
import type { Clock } from '../../../clock.ts';
import type { Dispatch } from '../../../protocol/packets.ts';
import { LazyDispatch } from '../../../decoding/lazy-dispatch.ts';
import type { FromThread, ShardMessage } from '../wire/messages.ts';
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
  /** Called when there is room again after {@link MessageBatcher.isOverfull}. */
  onRoom(): void;
}

export class MessageBatcher {
  readonly #options: MessageBatcherOptions;
  readonly #dispatches = new DispatchBatchWriter();
  /** Each as JSON. */
  #messages: string[] = [];
  #messagesLength = 0;
  #inFlight = 0;
  #timer: unknown = null;
  #full = false;
  #isOverfull = false;
  /** Above this, connections are left. */
  maxPendingBytes = Number.POSITIVE_INFINITY;

  constructor(options: MessageBatcherOptions) {
    this.#options = options;
  }

  get isFull(): boolean {
    return this.#full;
  }

  /** Whether so much is pending that no connection should be open. */
  get isOverfull(): boolean {
    return this.#isOverfull;
  }

  /** @throws for data that JSON can't hold; then nothing is sent */
  send(key: number, message: ShardMessage): void {
    const text = JSON.stringify({ ...message, key, after: this.#dispatches.count });
    this.#messages.push(text);
    this.#messagesLength += text.length;
    this.#scheduleFlush();
  }

  /** @throws when there is no memory for it; then nothing is sent */
  sendDispatch(key: number, dispatch: Dispatch): void {
    const kind = dispatch.isRestored === true ? 'restored' : 'dispatch';
    this.#dispatches.add(key, dispatch.s, LazyDispatch.transferRaw(dispatch), kind);
    this.#onAdded();
  }

  /** Sends a frame of the snapshot of a shard, before the dispatch that it was made from. */
  sendChange(key: number, frame: Buffer): void {
    this.#dispatches.add(key, null, frame, 'change');
    this.#onAdded();
  }

  #onAdded(): void {
    if (this.#dispatches.byteLength >= BATCH_BYTES) this.flush();
    else this.#scheduleFlush();
    if (this.#dispatches.byteLength > this.maxPendingBytes) this.#isOverfull = true;
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
      this.#dispatches.byteLength + this.#messagesLength >= MAX_PENDING_BYTES ||
      this.#messages.length >= MAX_PENDING_MESSAGES;
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
    const messages = `[${this.#messages.join(',')}]`;
    this.#messages = [];
    this.#messagesLength = 0;
    this.#inFlight += 1;
    this.#options.post({ type: 'batch', bytes, messages }, [bytes]);
    if (!this.#isOverfull) return;
    this.#isOverfull = false;
    this.#options.onRoom();
  }
}
