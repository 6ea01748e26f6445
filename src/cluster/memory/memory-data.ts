/**
 * What the memory engine knows, as plain data. So one step forgets it all, and a copy of it can be put back later, as when
 * a server starts again with an older file.
 */
import type { Session } from '../../session/session.ts';
import type { Command } from '../ports/command-bus.ts';
import type { DeadLetter, LoggedDispatch } from '../ports/dispatch-log.ts';
import type { ClusterPlan } from '../ports/engine.ts';
import type { Lease, Member } from '../ports/ownership.ts';
import type { NextGeneration, SuccessionFailure, SuccessionReport } from '../ports/succession.ts';

export interface MemberRow extends Member {
  readonly joinedAt: number;
  lastSeenAt: number;
  isDraining: boolean;
  isStalled: boolean;
}

export interface OwnerRow {
  fence: number;
  /** The instance that had it last; `null` once it was released. */
  owner: string | null;
  /** When the lease ends. */
  endsAt: number;
  reservedFor: string | null;
  reservedUntil: number;
}

/** The members of one scope, and who has which shard. */
export interface ScopeData {
  readonly members: Map<string, MemberRow>;
  readonly owners: Map<number, OwnerRow>;
  /** When a member has called last; `null` before the first. */
  seenAt: number | null;
  /** Since when members have called without a long gap. */
  seenSince: number;
}

/** One dispatch of a stream. The numbers of a stream have no gaps, so that a number gives the index. */
export interface StreamEntry {
  readonly number: number;
  readonly appendedAt: number;
  readonly dispatch: Omit<LoggedDispatch, 'attempt'>;
  /** The one group that gets it; `null` for all. */
  readonly group: string | null;
}

export interface StreamData {
  readonly entries: StreamEntry[];
  nextNumber: number;
}

/** How far a group has come in one stream. */
export interface CursorData {
  /** The number of the entry that was delivered last. */
  delivered: number;
  /** The entries that were delivered and not acknowledged, by position, with the number of their last attempt. */
  readonly pending: Map<string, number>;
}

export interface GroupData {
  readonly cursors: Map<number, CursorData>;
  readonly deadLetters: DeadLetter[];
  nextDeadLetter: number;
}

export interface QueuedCommand {
  readonly command: Command;
  /** When it is too late to take it. */
  readonly lateAt: number;
}

/** The commands for one shard. */
export interface QueueData {
  underWay: QueuedCommand[];
  waiting: QueuedCommand[];
  /** The ids of commands that were sent, with the time from which on they need not be known. */
  readonly seen: Map<string, number>;
}

/** The next generation, and what the nodes have reported of this attempt, by instance. */
export interface NextData extends NextGeneration {
  readonly reports: Map<string, SuccessionReport>;
  /** The instances that take part. */
  readonly participants: readonly string[];
}

export interface MemoryData {
  /** When the first member called; `null` before. */
  bornAt: number | null;
  plan: Omit<ClusterPlan, 'next'> | null;
  next: NextData | null;
  /** The highest generation that was ever begun. */
  lastGeneration: number;
  abandoned: (SuccessionFailure & { readonly generation: number }) | null;
  /** What the shards in service have delivered in the last attempt, by instance. */
  /** `endsAt` is when it is forgotten; `null` before the generation is in service. */
  record: {
    readonly generation: number;
    readonly byInstance: Map<string, readonly string[]>;
    endsAt: number | null;
  } | null;
  /** The highest shard count that the bot has had. */
  streamCount: number;
  readonly scopes: Map<string, ScopeData>;
  readonly sessions: Map<ShardKey, Session>;
  readonly snapshots: Map<ShardKey, Uint8Array[]>;
  readonly streams: Map<number, StreamData>;
  readonly groups: Map<string, GroupData>;
  readonly queues: Map<number, QueueData>;
}

export const createMemoryData = (): MemoryData => ({
  bornAt: null,
  plan: null,
  next: null,
  lastGeneration: 0,
  abandoned: null,
  record: null,
  streamCount: 0,
  scopes: new Map(),
  sessions: new Map(),
  snapshots: new Map(),
  streams: new Map(),
  groups: new Map(),
  queues: new Map(),
});

/** Returns a group. One that is missing begins at the start of what is there. */
export const groupIn = (data: MemoryData, group: string): GroupData =>
  valueOf(data.groups, group, () => ({ cursors: new Map(), deadLetters: [], nextDeadLetter: 1 }));

/** A shard of the first generation by its id, and of a later one with its generation. */
export type ShardKey = number | `${number}@${number}`;

export const shardKeyOf = (shardId: number, generation = 0): ShardKey =>
  generation === 0 ? shardId : `${shardId}@${generation}`;

/** The key of the shard of a lease. */
export const keyOf = ({ scope, shardId }: Lease): ShardKey =>
  shardKeyOf(shardId, scope.kind === 'shards' ? scope.generation : 0);

/** Returns the value of a key, and creates it where it is missing. */
export function valueOf<Key, Value>(map: Map<Key, Value>, key: Key, create: () => Value): Value {
  let value = map.get(key);
  if (value === undefined) {
    value = create();
    map.set(key, value);
  }
  return value;
}
