/**
 * The place of one thread among a manager's. There is a thread in it as long as shards need one; if that dies, another
 * takes its place, and the shards move.
 */
import { GatewayError } from '../../../protocol/errors.ts';
import type { ResolvedManagerOptions } from '../../manager-options.ts';
import type { ThreadOptions } from '../wire/messages.ts';
import { WorkerThread } from './worker-thread.ts';

/** What lives in threads. */
export interface SlotClient {
  /** Its thread is no more. */
  onThreadLost(): void;
  /** There will be no thread for it. */
  onThreadUnavailable(error: GatewayError): void;
}

export interface WorkerSlotOptions {
  readonly name: string;
  readonly options: ResolvedManagerOptions;
  readonly threadOptions: ThreadOptions;
  report(error: GatewayError): void;
}

const HINT =
  'The file of the thread must lie beside those of the library: leave shardwright out of a bundle. See the cause.';

export class WorkerSlot {
  readonly #options: WorkerSlotOptions;
  readonly #clients = new Set<SlotClient>();
  readonly #ending = new Set<Promise<void>>();
  #thread: WorkerThread | null = null;
  #hasEverStarted = false;
  #startedAt = 0;
  /** Threads in a row that did not live long. */
  #earlyDeaths = 0;

  constructor(options: WorkerSlotOptions) {
    this.#options = options;
  }

  /** The thread for one that moves in, or lives there. */
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

  /** Settles when the threads are gone that nobody needs. */
  async threadsExited(): Promise<void> {
    await Promise.all(this.#ending);
  }

  #create(): WorkerThread {
    const { name, threadOptions, options } = this.#options;
    const { clock, workerTimeoutMs: timeoutMs, timing } = options;
    const thread: WorkerThread = new WorkerThread({
      name,
      threadOptions: threadOptions,
      clock,
      timeoutMs,
      shutdownTimeoutMs: timing.closeTimeoutMs,
      delayMs: this.#delayMs(),
      onStarted: () => {
        this.#hasEverStarted = true;
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
    if (!this.#hasEverStarted) {
      const failure = new GatewayError('WORKER_FAILED', error.message, { hint: HINT, cause: error.cause });
      for (const client of clients) client.onThreadUnavailable(failure);
      return;
    }
    const { clock, timing } = this.#options.options;
    this.#earlyDeaths = clock.now() - this.#startedAt >= timing.stableAfterMs ? 1 : this.#earlyDeaths + 1;
    this.#options.report(error);
    for (const client of clients) client.onThreadLost();
  }

  /** The first that dies is replaced at once, then ever later. */
  #delayMs(): number {
    const { backoffBaseMs, backoffCapMs } = this.#options.options.timing;
    return this.#earlyDeaths < 2 ? 0 : Math.min(backoffCapMs, backoffBaseMs * 2 ** (this.#earlyDeaths - 2));
  }
}
