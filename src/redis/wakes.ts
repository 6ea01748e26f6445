/**
 * Which shards have something new, in their stream or in their queue of commands. A message says so, and what comes
 * between a look and the wait after it is not lost. Where messages may be missing, the server is asked.
 */
import { setUnrefTimeout } from '../clock.ts';
import type { Lease } from '../cluster/ports/ownership.ts';
import type { RedisContext } from './redis-context.ts';
import { leasesName } from './redis-keys.ts';
import { waitUntil } from './wait-until.ts';

export interface WakesOptions {
  /** The message that says so. */
  readonly message: 'stream' | 'commands';
  /** Asks the server. */
  readonly hasNews: (lease: Lease) => Promise<boolean>;
}

/** How long a shard is listened to after the last wait for it. Its reader reads between two waits. */
const KEEP_MS = 10_000;

interface WatchedShard {
  hasNews: boolean;
  /** When a call waited for it last. */
  waitedAt: number;
  readonly end: () => void;
}

interface Waiter {
  readonly names: ReadonlySet<string>;
  /** Called when a shard has news. */
  readonly look: () => void;
}

export class Wakes {
  readonly #context: RedisContext;
  readonly #options: WakesOptions;
  readonly #watched = new Map<string, WatchedShard>();
  readonly #waiters = new Set<Waiter>();
  #sweepTimer: unknown = null;

  constructor(context: RedisContext, options: WakesOptions) {
    this.#context = context;
    this.#options = options;
  }

  /** To be called before a look: what comes from then on is news. */
  clear(lease: Lease): void {
    const watched = this.#watched.get(nameOf(lease));
    if (watched !== undefined) watched.hasNews = false;
  }

  /** To be called when a look has left something. */
  wake(lease: Lease): void {
    const watched = this.#watched.get(nameOf(lease));
    if (watched === undefined) return;
    watched.hasNews = true;
    for (const { look } of this.#waiters) look();
  }

  async wait(
    leases: readonly Lease[],
    { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
  ): Promise<readonly number[]> {
    const { link } = this.#context;
    const found = new AbortController();
    const names = new Set(leases.map(nameOf));
    const look = (): void => {
      if (this.#withNews(leases).length > 0) found.abort();
    };
    const waiter = { names, look };
    this.#waiters.add(waiter);
    this.#watch(leases);
    look();
    await waitUntil(link.clock, timeoutMs, AbortSignal.any([signal, link.signal, found.signal]));
    this.#waiters.delete(waiter);
    this.#touch(leases);
    return signal.aborted ? [] : this.#withNews(leases);
  }

  #withNews(leases: readonly Lease[]): number[] {
    return leases.filter((lease) => this.#watched.get(nameOf(lease))?.hasNews === true).map(({ shardId }) => shardId);
  }

  #watch(leases: readonly Lease[]): void {
    const { messages, keyspace } = this.#context;
    for (const lease of leases) {
      if (this.#watched.has(nameOf(lease))) continue;
      const { shardId } = lease;
      const end = messages.subscribe(keyspace.of(shardId).wake(shardId), (message) => {
        if (message === this.#options.message) this.wake(lease);
        else if (message === null) void this.#ask(lease);
      });
      this.#watched.set(nameOf(lease), { hasNews: false, waitedAt: 0, end });
    }
    this.#touch(leases);
    this.#sweepLater();
  }

  #touch(leases: readonly Lease[]): void {
    const now = this.#context.link.clock.now();
    for (const lease of leases) {
      const watched = this.#watched.get(nameOf(lease));
      if (watched !== undefined) watched.waitedAt = now;
    }
  }

  #sweepLater(): void {
    if (this.#sweepTimer !== null) return;
    this.#sweepTimer = setUnrefTimeout(this.#context.link.clock, () => this.#sweep(), KEEP_MS);
  }

  /** Listens no longer for shards that no call has waited for lately: another member may have them. */
  #sweep(): void {
    const { clock, signal } = this.#context.link;
    const before = clock.now() - KEEP_MS;
    this.#sweepTimer = null;
    for (const [name, { waitedAt, end }] of this.#watched) {
      const isKept = waitedAt > before || [...this.#waiters].some(({ names }) => names.has(name));
      if (isKept && !signal.aborted) continue;
      this.#watched.delete(name);
      end();
    }
    if (this.#watched.size > 0) this.#sweepLater();
  }

  async #ask(lease: Lease): Promise<void> {
    try {
      if (await this.#options.hasNews(lease)) this.wake(lease);
    } catch {
      // The link says so, and the messages begin again after an outage.
    }
  }
}

const nameOf = ({ scope, shardId }: Lease): string => `${leasesName(scope)} ${shardId}`;
