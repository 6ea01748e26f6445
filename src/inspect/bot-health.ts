/**
 * Judges whether a bot is healthy, for a supervisor that restarts it if it is not. A shard that is not ready has a grace:
 * it mostly comes back soon, and a restart does not help in an outage. The grace begins with the first request that finds
 * the shard not ready, and ends with the first that finds it ready.
 */
import type { Clock } from '../clock.ts';
import type { ManagerStatus, ShardStatus } from '../manager/manager-status.ts';
import { statusOf } from '../metrics/bot-status.ts';
import type { StatusSource } from '../metrics/bot-status.ts';

/** You stopped the bot, or did not start it yet, so no shard has to be ready. */
const isAtRest = ({ state }: ManagerStatus): boolean => state === 'stopped' || state === 'draining';

/** The other nodes of its cluster have all shards, or the engine is away. A restart would change neither. */
const isNodeWithoutShards = ({ shards, cluster }: ManagerStatus): boolean => shards.length === 0 && cluster !== null;

/** Whether a shard has its turn, and would be ready if all were well. */
function isDue({ state }: ShardStatus, status: ManagerStatus): boolean {
  // It waits for its turn, which may take an hour for a large bot.
  if (state === 'disconnected' && status.state === 'starting') return false;
  // It waits until Discord allows more session starts. A restart would not change that.
  return !(state === 'identifying' && status.budget?.remaining === 0);
}

export class BotHealth {
  readonly #source: StatusSource;
  readonly #clock: Clock;
  readonly #graceMs: number;
  /** Since when each shard is due and not ready. `null` stands for the whole bot, before it has shards. */
  readonly #overdueSince = new Map<number | null, number>();

  constructor(source: StatusSource, clock: Clock, graceMs: number) {
    this.#source = source;
    this.#clock = clock;
    this.#graceMs = graceMs;
  }

  /** Whether every shard is ready, or this is a node that waits for shards. */
  get isReady(): boolean {
    const status = statusOf(this.#source);
    const { shards } = status;
    const isSpare = isNodeWithoutShards(status) && status.state === 'running';
    return (shards.length > 0 || isSpare) && shards.every(({ state }) => state === 'ready');
  }

  /** Whether the bot does what it should, or has not failed to for long. */
  isHealthy(): boolean {
    const status = statusOf(this.#source);
    const now = this.#clock.now();
    const overdue = new Set(overdueOf(status));
    for (const key of this.#overdueSince.keys()) if (!overdue.has(key)) this.#overdueSince.delete(key);
    for (const key of overdue) if (!this.#overdueSince.has(key)) this.#overdueSince.set(key, now);
    // Only a new start, with other options, cures a failure.
    if (status.state === 'failed' || status.shards.some(({ state }) => state === 'failed')) return false;
    return [...this.#overdueSince.values()].every((since) => now - since <= this.#graceMs);
  }
}

const overdueOf = (status: ManagerStatus): (number | null)[] => {
  if (isAtRest(status) || isNodeWithoutShards(status)) return [];
  if (status.shards.length === 0) return [null];
  return status.shards.filter((shard) => shard.state !== 'ready' && isDue(shard, status)).map(({ shardId }) => shardId);
};
