/**
 * Clears the sessions that a store still has of another shard count. Discord sends each event to the sessions of every
 * count. As soon as one count is in service, a session of another one would repeat after a RESUME what was delivered.
 */
import type { ClaimedSessionStore } from './claimed-session-store.ts';
import { lacksSession } from './lacks-session.ts';
import type { SessionOrigin } from './session-origin.ts';
import { parseSession } from './session.ts';
import type { Session } from './session.ts';

/** More shards than any bot has. The count of a stored session is not trusted. */
const MAX_SHARDS = 65_536;
/** How many sessions the store is asked for at once. */
const AT_ONCE = 64;

const NO_COUNTS: readonly (number | null)[] = [];

/** What is stored of a shard that runs here. */
export interface StoredShard {
  readonly stored: Session | null;
  clear(): void;
}

export interface SupersededSessionsOptions {
  readonly store: ClaimedSessionStore;
  /** With `warmStart`: deletes the snapshot beside a session too. */
  readonly clearSnapshot: ((shardId: number) => Promise<void>) | null;
  /** Another bot may use the same store by mistake. Its sessions stay. */
  readonly origin: SessionOrigin;
  /** Returns a shard below the new count if it runs here; those that run elsewhere look after themselves. */
  readonly own: (shardId: number) => StoredShard | null;
  /** Whether a shard at or above the new count is cleared here. */
  readonly isCleared: (shardId: number, shardCount: number) => boolean;
}

export class SupersededSessions {
  readonly #options: SupersededSessionsOptions;
  /** The shard counts of the sessions that the store may have: of what it returned, and of the one that has begun. */
  #counts: readonly (number | null)[] = NO_COUNTS;
  #clearing: Promise<unknown> | null = null;

  constructor(options: SupersededSessionsOptions) {
    this.#options = options;
  }

  /** The store has returned a session, `null`, or something else. */
  onLoaded(loaded: unknown): void {
    const count = loaded === null ? null : (this.#ours(loaded)?.shardCount ?? null);
    if (!this.#counts.includes(count)) this.#counts = [...this.#counts, count];
  }

  /** A new session has begun. Clears those of other counts when it is `stored`. */
  onBegun({ shardCount }: Session, stored: Promise<void>): void {
    const before = this.#counts;
    this.#counts = [shardCount];
    const others = before.filter((count) => count !== null).filter((count) => count !== shardCount);
    if (others.length > 0) {
      const highest = Math.max(...others);
      this.#clearOwn(shardCount, highest);
      this.#begin(this.#clearAbove(shardCount, highest, stored));
    } else if (before.includes(null) && !before.includes(shardCount)) {
      this.#begin(this.#clearAbove(shardCount, this.#countAbove(shardCount), stored));
    }
  }

  /** What is under way; `null` if nothing is. Never rejects. */
  get clearing(): Promise<unknown> | null {
    return this.#clearing;
  }

  #begin(next: Promise<void>): void {
    const clearing = Promise.all([this.#clearing, next]).then(() => {
      if (this.#clearing === clearing) this.#clearing = null;
    });
    this.#clearing = clearing;
  }

  /** The shards that have not begun a session yet: they may be stopped before they do. */
  #clearOwn(shardCount: number, highest: number): void {
    for (let shardId = 0; shardId < Math.min(shardCount, highest); shardId += 1) {
      const own = this.#options.own(shardId);
      if (own !== null && this.#isSuperseded(own.stored, shardCount)) own.clear();
    }
  }

  async #clearAbove(shardCount: number, found: number | Promise<number>, stored: Promise<void>): Promise<void> {
    const highest = await found;
    // `disconnect()` need not wait for more than the session.
    if (highest <= shardCount) return;
    await stored;
    const shardIds = this.#clearedBelow(highest, shardCount);
    for (let from = 0; from < shardIds.length; from += AT_ONCE) {
      const cleared = shardIds.slice(from, from + AT_ONCE).map((shardId) => this.#clear(shardId, shardCount));
      // A shard that another process runs is that process's. A store that fails says so again with the next session.
      await Promise.allSettled(cleared);
    }
  }

  /** The store had no session of the shards that run here. Those above them may have one all the same. */
  async #countAbove(shardCount: number): Promise<number> {
    const [first] = this.#clearedBelow(2 * shardCount, shardCount);
    if (first === undefined || lacksSession(this.#options.store, first)) return 0;
    const loaded = await this.#options.store.load(first).catch(() => null);
    return loaded === null ? 0 : (this.#ours(loaded)?.shardCount ?? 0);
  }

  #clearedBelow(highest: number, shardCount: number): number[] {
    const length = Math.max(0, Math.min(highest, MAX_SHARDS) - shardCount);
    const shardIds = Array.from({ length }, (_, index) => shardCount + index);
    return shardIds.filter((shardId) => this.#options.isCleared(shardId, shardCount));
  }

  async #clear(shardId: number, shardCount: number): Promise<void> {
    const { store, clearSnapshot } = this.#options;
    const isSuperseded = async (): Promise<boolean> => this.#isSuperseded(await store.load(shardId), shardCount);
    if (!(await isSuperseded())) return;
    await store.withClaim(shardId, async () => {
      // Another process may have had it until now.
      if (!(await isSuperseded())) return;
      await store.clear(shardId);
      await clearSnapshot?.(shardId);
    });
  }

  #isSuperseded(stored: unknown, shardCount: number): boolean {
    const session = stored === null ? null : this.#ours(stored);
    return session !== null && session.shardCount !== shardCount;
  }

  /** Returns a session of this bot, else `null`. */
  #ours(stored: unknown): Session | null {
    try {
      const session = parseSession(stored);
      return this.#options.origin.mismatchOf(session) === 'bot' ? null : session;
    } catch {
      // The shard that wants to resume it reports it.
      return null;
    }
  }
}
