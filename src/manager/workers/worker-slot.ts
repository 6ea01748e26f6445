/**
 * The place of one thread among a manager's. There is a thread in it as long as shards need one; if that dies, another
 * takes its place, and the shards move.
 */
import { GatewayError } from '../../protocol/errors.ts';
import type { ResolvedManagerOptions } from '../manager-options.ts';
import type { CrossingOptions } from './messages.ts';
import { WorkerThread } from './worker-thread.ts';

/** What lives in threads. */
export interface Tenant {
  /** Its thread is no more. */
  move(): void;
  /** There will be no thread for it. */
  fail(error: GatewayError): void;
}

export interface SlotHost {
  readonly name: string;
  readonly options: ResolvedManagerOptions;
  readonly crossing: CrossingOptions;
  report(error: GatewayError): void;
}

const HINT = 'The file of the thread must lie beside those of the library: leave shardwright out of a bundle. See the cause.';

export class WorkerSlot {
  readonly #host: SlotHost;
  readonly #tenants = new Set<Tenant>();
  readonly #ending = new Set<Promise<void>>();
  #thread: WorkerThread | null = null;
  #hasEverStarted = false;
  #startedAt = 0;
  /** Threads in a row that did not live long. */
  #deaths = 0;

  constructor(host: SlotHost) {
    this.#host = host;
  }

  /** The thread for one that moves in, or lives there. */
  enter(tenant: Tenant): WorkerThread {
    this.#tenants.add(tenant);
    this.#thread ??= this.#create();
    return this.#thread;
  }

  leave(tenant: Tenant): void {
    this.#tenants.delete(tenant);
    const thread = this.#thread;
    if (this.#tenants.size > 0 || thread === null) return;
    this.#thread = null;
    this.#ending.add(thread.gone);
    void thread.gone.then(() => this.#ending.delete(thread.gone));
    thread.end();
  }

  /** Settles when the threads are gone that nobody needs. */
  async settled(): Promise<void> {
    await Promise.all(this.#ending);
  }

  #create(): WorkerThread {
    const { name, crossing, options } = this.#host;
    const { clock, workerTimeoutMs: timeoutMs, timing } = options;
    const thread: WorkerThread = new WorkerThread({
      name,
      options: crossing,
      clock,
      timeoutMs,
      endTimeoutMs: timing.closeTimeoutMs,
      delayMs: this.#delayMs(),
      onStarted: () => {
        this.#hasEverStarted = true;
        this.#startedAt = clock.now();
      },
      onDied: (error) => {
        if (this.#thread === thread) this.#died(error);
      },
    });
    return thread;
  }

  #died(error: GatewayError): void {
    this.#thread = null;
    const tenants = [...this.#tenants];
    if (!this.#hasEverStarted) {
      const failure = new GatewayError('WORKER_FAILED', error.message, { hint: HINT, cause: error.cause });
      for (const tenant of tenants) tenant.fail(failure);
      return;
    }
    const { clock, timing } = this.#host.options;
    this.#deaths = clock.now() - this.#startedAt >= timing.stableAfterMs ? 1 : this.#deaths + 1;
    this.#host.report(error);
    for (const tenant of tenants) tenant.move();
  }

  /** The first that dies is replaced at once, then ever later. */
  #delayMs(): number {
    const { backoffBaseMs, backoffCapMs } = this.#host.options.timing;
    return this.#deaths < 2 ? 0 : Math.min(backoffCapMs, backoffBaseMs * 2 ** (this.#deaths - 2));
  }
}
