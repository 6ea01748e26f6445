/**
 * Which shards have something new, in their stream or in their queue of commands. A message says so, and what comes
 * between a look and the wait after it is not lost. Where messages may be missing, the server is asked.
 */
import { setUnrefTimeout } from '../clock.ts';
import type { Lease } from '../cluster/ports/ownership.ts';
import { onAbort } from '../protocol/on-abort.ts';
import type { RedisContext } from './redis-context.ts';
import { leasesName } from './redis-keys.ts';

export interface WakesOptions {
  /** The channel on which a message says so. */
  readonly channel: 'streamNews' | 'queueNews';
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
  readonly shards: ReadonlySet<WatchedShard>;
  readonly end: () => void;
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
    for (const { shards, end } of this.#waiters) if (shards.has(watched)) end();
  }

  async wait(
    leases: readonly Lease[],
    { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
  ): Promise<readonly number[]> {
    const { clock, signal: linkSignal } = this.#context.link;
    const { promise, resolve: end } = Promise.withResolvers<void>();
    const watched = leases.map((lease) => this.#watch(lease));
    const waiter = { shards: new Set(watched), end };
    this.#waiters.add(waiter);
    this.#sweepLater();
    const timer = setUnrefTimeout(clock, end, timeoutMs);
    const stopListening = [signal, linkSignal].map((each) => onAbort(each, end));
    if (watched.some(({ hasNews }) => hasNews)) end();
    await promise;
    clock.clearTimeout(timer);
    for (const stop of stopListening) stop();
    this.#waiters.delete(waiter);
    const now = clock.now();
    for (const shard of watched) shard.waitedAt = now;
    return signal.aborted ? [] : leases.filter((_, index) => watched[index]?.hasNews).map(({ shardId }) => shardId);
  }

  #watch(lease: Lease): WatchedShard {
    const { messages, keyspace } = this.#context;
    const name = nameOf(lease);
    const known = this.#watched.get(name);
    if (known !== undefined) return known;
    const { shardId } = lease;
    const end = messages.subscribe(keyspace.of(shardId)[this.#options.channel](shardId), (message) => {
      if (message === null) void this.#ask(lease);
      else this.wake(lease);
    });
    const watched = { hasNews: false, waitedAt: this.#context.link.clock.now(), end };
    this.#watched.set(name, watched);
    return watched;
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
    for (const [name, watched] of this.#watched) {
      const isKept = watched.waitedAt > before || [...this.#waiters].some(({ shards }) => shards.has(watched));
      if (isKept && !signal.aborted) continue;
      this.#watched.delete(name);
      watched.end();
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
