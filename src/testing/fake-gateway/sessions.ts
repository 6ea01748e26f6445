/**
 * Sessions outlive their connections. A session numbers its dispatches and keeps them for a replay.
 * @see https://discord.com/developers/docs/events/gateway#resuming
 */
import { shardIdForGuild } from './guild-shard.ts';
import type { Ids } from './ids.ts';
import type { Settings } from './options.ts';
import type { Stats } from './stats.ts';

/** The id of a shard and the number of shards, as in IDENTIFY: `[shard_id, num_shards]`. */
export type ShardKey = [shardId: number, shardCount: number];

/** The connection through which a session sends. */
export interface SessionConnection {
  deliver(text: string): void;
  /** The session has moved to another connection. */
  onSuperseded(): void;
}

interface StoredDispatch {
  readonly s: number;
  readonly t: string;
  /** `d` as JSON, shared by all sessions that receive the event. */
  readonly json: string;
}

const frameTextOf = ({ s, t, json }: StoredDispatch): string =>
  `{"t":${JSON.stringify(t)},"s":${s},"op":0,"d":${json}}`;

/** Serializes `d` now, so that later changes have no effect. */
export const jsonOf = (d: unknown): string => JSON.stringify(d) ?? 'null';

/** How far the replay buffer may exceed its limit before it is trimmed: trimming at every dispatch would be slow. */
const TRIM_SLACK = 256;

export class FakeSession {
  readonly id: string;
  readonly shard: ShardKey;
  readonly intents: number;
  /** The sequence of the last dispatch. */
  sequence = 0;
  readonly #replayLimit: number;
  readonly #stats: Stats;
  #dispatches: StoredDispatch[] = [];
  /** The highest sequence trimmed from the buffer. */
  #lastTrimmed = 0;
  #connection: SessionConnection | null = null;
  #detachedAt: number | null = null;

  constructor(id: string, shard: ShardKey, intents: number, replayLimit: number, stats: Stats) {
    this.id = id;
    this.shard = shard;
    this.intents = intents;
    this.#replayLimit = replayLimit;
    this.#stats = stats;
  }

  /** When the session lost its connection; `null` while it has one. */
  get detachedAt(): number | null {
    return this.#detachedAt;
  }

  attach(connection: SessionConnection): void {
    const before = this.#connection;
    this.#connection = connection;
    this.#detachedAt = null;
    if (before !== null && before !== connection) before.onSuperseded();
  }

  /** Has no effect if the session has moved to another connection. */
  detach(connection: SessionConnection, now: number): void {
    if (this.#connection !== connection) return;
    this.#connection = null;
    this.#detachedAt = now;
  }

  dispatch(t: string, json: string): void {
    const stored = this.#assignSequence(t, json);
    this.#dispatches.push(stored);
    const surplus = this.#dispatches.length - this.#replayLimit;
    if (surplus > TRIM_SLACK) this.#lastTrimmed = this.#dispatches.splice(0, surplus).at(-1)?.s ?? this.#lastTrimmed;
    this.#connection?.deliver(frameTextOf(stored));
  }

  /** Whether the buffer still holds every dispatch after a sequence. */
  canReplay(after: number): boolean {
    const lastDropped = this.#dispatches[this.#dispatches.length - this.#replayLimit - 1]?.s ?? this.#lastTrimmed;
    return after >= lastDropped;
  }

  /** Sends the dispatches after a sequence again, then RESUMED, which is not kept. */
  replay(after: number): void {
    const missed = this.#dispatches.filter(({ s }) => s > after);
    this.#stats.replayed += missed.length;
    for (const stored of missed) this.#connection?.deliver(frameTextOf(stored));
    this.#connection?.deliver(frameTextOf(this.#assignSequence('RESUMED', '{"_trace":["fake-gateway"]}')));
  }

  #assignSequence(t: string, json: string): StoredDispatch {
    this.sequence += 1;
    this.#stats.dispatched += 1;
    return { s: this.sequence, t, json };
  }
}

/** All sessions of a gateway. */
export class Sessions {
  readonly #settings: Settings;
  readonly #ids: Ids;
  readonly #stats: Stats;
  readonly #byId = new Map<string, FakeSession>();

  constructor(settings: Settings, ids: Ids, stats: Stats) {
    this.#settings = settings;
    this.#ids = ids;
    this.#stats = stats;
  }

  create(shard: ShardKey, intents: number): FakeSession {
    const session = new FakeSession(this.#ids.hex('session'), shard, intents, this.#settings.replayLimit, this.#stats);
    this.#byId.set(session.id, session);
    return session;
  }

  find(id: string): FakeSession | undefined {
    this.#expire();
    return this.#byId.get(id);
  }

  end(session: FakeSession): void {
    this.#byId.delete(session.id);
  }

  /** Dispatches an event to all sessions, or to those of one shard or guild, connected or not. */
  dispatch(t: string, d: unknown, { shardId, guildId }: { shardId?: number; guildId?: string } = {}): void {
    this.#expire();
    const json = jsonOf(d);
    for (const session of this.#byId.values()) {
      const [id, count] = session.shard;
      if (guildId !== undefined && shardIdForGuild(guildId, count) !== id) continue;
      if (shardId === undefined || id === shardId) session.dispatch(t, json);
    }
  }

  #expire(): void {
    const before = this.#settings.clock.now() - this.#settings.sessionTtlMs;
    for (const session of this.#byId.values()) {
      if (session.detachedAt !== null && session.detachedAt < before) this.#byId.delete(session.id);
    }
  }
}
