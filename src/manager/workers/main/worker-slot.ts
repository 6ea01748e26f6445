/**
 * The place of one worker thread. A thread runs in it as long as shards need one. When the thread dies, another takes
 * its place, and the shards move.
 */
import { GatewayError } from '../../../protocol/errors.ts';
import { fieldsOf } from '../../../protocol/validation.ts';
import type { ResolvedManagerOptions } from '../../manager-options.ts';
import type { ThreadOptions } from '../wire/messages.ts';
import { WorkerThread } from './worker-thread.ts';

/** A shard that lives in the thread of a slot. */
export interface SlotClient {
  /** Called when its thread has ended. */
  onThreadLost(): void;
  /** Called when no thread can be started. */
  onThreadUnavailable(error: GatewayError): void;
}

export interface WorkerSlotOptions {
  /** From 0. */
  readonly number: number;
  readonly options: ResolvedManagerOptions;
  readonly threadOptions: ThreadOptions;
  reportFault(error: GatewayError): void;
}

/** What to do when no thread can be started, by the code of the cause. */
const HINTS: ReadonlyMap<unknown, string> = new Map([
  [
    'ERR_ACCESS_DENIED',
    'Start Node with --allow-worker and with --allow-fs-read for the files of the package, or set workers to 0.',
  ],
]);
const HINT =
  'In a bundle, bundle shardwright/thread as a second file and name it in the option threadUrl, or leave shardwright ' +
  'out of the bundle. Else see the cause.';

const hintFor = (cause: unknown): string => HINTS.get(fieldsOf(cause)['code']) ?? HINT;

export class WorkerSlot {
  readonly #options: WorkerSlotOptions;
  readonly #clients = new Set<SlotClient>();
  readonly #ending = new Set<Promise<void>>();
  #thread: WorkerThread | null = null;
  /** When the last thread that ran was started; `null` before any has run. */
  #startedAt: number | null = null;
  /** Threads in a row that did not live for `stableAfterMs`. */
  #earlyDeaths = 0;

  constructor(options: WorkerSlotOptions) {
    this.#options = options;
  }

  get number(): number {
    return this.#options.number;
  }

  /** Returns the thread for a client, which keeps it running until `release()`. */
  acquire(client: SlotClient): WorkerThread {
    this.#clients.add(client);
    this.#thread ??= this.#create();
    return this.#thread;
  }

  release(client: SlotClient): void {
    this.#clients.delete(client);
    const thread = this.#thread;
    if (this.#clients.size > 0 || thread === null) return;
    this.#thread = null;
    this.#ending.add(thread.exited);
    void thread.exited.then(() => this.#ending.delete(thread.exited));
    thread.shutdown();
  }

  /** Resolves when the released threads have ended. */
  async threadsExited(): Promise<void> {
    await Promise.all(this.#ending);
  }

  #create(): WorkerThread {
    const { number, threadOptions, options } = this.#options;
    const { clock, threadUrl, workerTimeoutMs: timeoutMs, timing } = options;
    const thread: WorkerThread = new WorkerThread({
      name: `shardwright-${number}`,
      threadUrl,
      threadOptions,
      clock,
      timeoutMs,
      shutdownTimeoutMs: timing.closeTimeoutMs,
      delayMs: this.#delayMs(),
      onStarted: () => {
        this.#startedAt = clock.now();
      },
      onDied: (error) => {
        if (this.#thread === thread) this.#onThreadDied(error);
      },
    });
    return thread;
  }

  #onThreadDied(error: GatewayError): void {
    this.#thread = null;
    const clients = [...this.#clients];
    if (this.#startedAt === null) {
      const failure = new GatewayError('WORKER_FAILED', error.message, {
        hint: hintFor(error.cause),
        cause: error.cause,
      });
      for (const client of clients) client.onThreadUnavailable(failure);
      return;
    }
    const { clock, timing } = this.#options.options;
    this.#earlyDeaths = clock.now() - this.#startedAt >= timing.stableAfterMs ? 1 : this.#earlyDeaths + 1;
    this.#options.reportFault(error);
    for (const client of clients) client.onThreadLost();
  }

  /** A thread that dies is replaced at once. After further early deaths the delay doubles, up to `backoffCapMs`. */
  #delayMs(): number {
    const { backoffBaseMs, backoffCapMs } = this.#options.options.timing;
    return this.#earlyDeaths < 2 ? 0 : Math.min(backoffCapMs, backoffBaseMs * 2 ** (this.#earlyDeaths - 2));
  }
}
