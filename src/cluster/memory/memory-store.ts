/** The data of the memory engine, its clock, and the news of what has changed. The parts of the engine share it. */
import type { Clock } from '../../clock.ts';
import type { CommandAnswer } from '../ports/command-bus.ts';
import type { OwnershipScope } from '../ports/ownership.ts';
import { createMemoryData } from './memory-data.ts';
import type { MemoryData } from './memory-data.ts';
import { MemoryTopics } from './memory-topics.ts';

/** Whose members and news it is. */
export const scopeKey = (scope: OwnershipScope): string =>
  scope.kind === 'shards' ? 'shards' : `group:${scope.group}`;

/** Whose leases they are: each generation of shards has its own. */
export const leasesKey = (scope: OwnershipScope): string =>
  scope.kind === 'shards' && (scope.generation ?? 0) > 0 ? `shards@${scope.generation}` : scopeKey(scope);

export class MemoryStore {
  readonly clock: Clock;
  readonly leaseTtlMs: number;
  /** By scope: something of it may have changed. The news is the argument of a {@link ChangeListener}. */
  readonly scopeNews = new MemoryTopics<string, string | undefined>();
  /** By shard: something was appended to its stream. */
  readonly streamNews = new MemoryTopics<number, void>();
  /** By shard: a command was added to its queue. */
  readonly queueNews = new MemoryTopics<number, void>();
  /** By instance. */
  readonly answers = new MemoryTopics<string, CommandAnswer>();
  data: MemoryData = createMemoryData();

  constructor(clock: Clock, leaseTtlMs: number) {
    this.clock = clock;
    this.leaseTtlMs = leaseTtlMs;
  }

  /** When the first member called after the engine was empty. This may be that call. */
  bornAt(): number {
    this.data.bornAt ??= this.clock.now();
    return this.data.bornAt;
  }

  /** Whether members that were there before the engine was empty may not have called yet. */
  get isYoung(): boolean {
    const { bornAt } = this.data;
    return bornAt === null || this.clock.now() < bornAt + this.leaseTtlMs / 2;
  }
}
