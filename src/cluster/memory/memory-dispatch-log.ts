/** The groups that read the streams: how far each has come, what it has not acknowledged, and its dead letters. */
import type { DeadLetter, LoggedDispatch, ReadResult, StreamStatus } from '../ports/dispatch-log.ts';
import type { Lease } from '../ports/ownership.ts';
import { groupIn, valueOf } from './memory-data.ts';
import type { CursorData, GroupData, StreamEntry } from './memory-data.ts';
import type { MemoryOwnership } from './memory-ownership.ts';
import type { MemoryStore } from './memory-store.ts';
import type { MemoryStreams } from './memory-streams.ts';

export class MemoryDispatchLog {
  readonly #store: MemoryStore;
  readonly #ownership: MemoryOwnership;
  readonly #streams: MemoryStreams;

  constructor(store: MemoryStore, ownership: MemoryOwnership, streams: MemoryStreams) {
    this.#store = store;
    this.#ownership = ownership;
    this.#streams = streams;
  }

  /**
   * What was trimmed before counts for no group. A stream that is created later is read from its start. An engine that is
   * young may have forgotten the group, and so it has no end.
   */
  createGroup(group: string, from: 'start' | 'end'): void {
    if (this.#store.data.groups.has(group)) return;
    const { cursors } = this.#group(group);
    const skips = from === 'end' && !this.#store.isYoung;
    for (const [shardId, { entries, nextNumber }] of this.#store.data.streams) {
      const first = entries[0]?.number ?? nextNumber;
      cursors.set(shardId, { delivered: (skips ? nextNumber : first) - 1, pending: new Map() });
    }
  }

  read(lease: Lease, count: number): ReadResult {
    const cursor = this.#cursor(lease);
    const group = groupOf(lease);
    const { entries, nextNumber } = this.#streams.get(lease.shardId);
    const first = entries[0]?.number ?? nextNumber;
    const trimmed = Math.max(0, first - 1 - cursor.delivered);
    cursor.delivered += trimmed;
    const dispatches: LoggedDispatch[] = [];
    for (let index = cursor.delivered + 1 - first; dispatches.length < count; index += 1) {
      const entry = entries[index];
      if (entry === undefined) break;
      cursor.delivered = entry.number;
      if (!isFor(entry, group)) continue;
      cursor.pending.set(entry.dispatch.position, 1);
      dispatches.push({ ...entry.dispatch, attempt: 1 });
    }
    return { dispatches, trimmed };
  }

  claim(lease: Lease): ReadResult {
    const { pending } = this.#cursor(lease);
    const dispatches: LoggedDispatch[] = [];
    let trimmed = 0;
    for (const [position, attempt] of pending) {
      const entry = this.#streams.find(lease.shardId, position);
      if (entry === undefined) {
        pending.delete(position);
        trimmed += 1;
      } else dispatches.push({ ...entry.dispatch, attempt });
    }
    return { dispatches, trimmed };
  }

  /** Whether the reader of this lease would get something. */
  hasNews({ scope, shardId }: Lease): boolean {
    return scope.kind === 'group' && this.#unread(scope.group, shardId).next().done === false;
  }

  ack(lease: Lease, positions: readonly string[]): void {
    const { pending } = this.#cursor(lease);
    for (const position of positions) pending.delete(position);
  }

  retry(lease: Lease, position: string): number {
    const { pending } = this.#cursor(lease);
    const attempt = pending.get(position);
    if (attempt === undefined) return 1;
    pending.set(position, attempt + 1);
    return attempt + 1;
  }

  bury(lease: Lease, dispatch: LoggedDispatch, error: string, maxDeadLetters = Infinity): number {
    this.#cursor(lease).pending.delete(dispatch.position);
    const group = this.#group(groupOf(lease));
    const { deadLetters } = group;
    const { position, shardId } = dispatch;
    if (deadLetters.some((letter) => letter.dispatch.position === position && letter.dispatch.shardId === shardId))
      return 0;
    deadLetters.push({ position: String(group.nextDeadLetter), dispatch: { ...dispatch }, error });
    group.nextDeadLetter += 1;
    return deadLetters.splice(0, deadLetters.length - maxDeadLetters).length;
  }

  deadLetters(group: string, { after, count }: { after: string | null; count: number }): readonly DeadLetter[] {
    const letters = this.#store.data.groups.get(group)?.deadLetters ?? [];
    return letters.filter(({ position }) => after === null || Number(position) > Number(after)).slice(0, count);
  }

  redeliver(group: string, position: string): void {
    const letters = this.#store.data.groups.get(group)?.deadLetters ?? [];
    const index = letters.findIndex((letter) => letter.position === position);
    for (const { dispatch } of letters.splice(index, index === -1 ? 0 : 1)) this.#streams.append(dispatch, group);
  }

  groups(): readonly string[] {
    return [...this.#store.data.groups.keys()].toSorted();
  }

  status(group: string): { readonly shards: readonly StreamStatus[]; readonly deadLetters: number } {
    const known = this.#store.data.groups.get(group);
    const { plan, streamCount } = this.#store.data;
    const shards = Array.from({ length: Math.max(plan?.total ?? 0, streamCount) }, (_, shardId) => ({
      shardId,
      pending: known?.cursors.get(shardId)?.pending.size ?? 0,
      lag: [...this.#unread(group, shardId)].length,
    }));
    return { shards, deadLetters: known?.deadLetters.length ?? 0 };
  }

  sweep(maxAgeMs: number): void {
    this.#streams.sweep(maxAgeMs);
  }

  *#unread(group: string, shardId: number): Generator<StreamEntry> {
    const delivered = this.#store.data.groups.get(group)?.cursors.get(shardId)?.delivered ?? 0;
    const { entries } = this.#streams.get(shardId);
    const start = Math.max(0, delivered + 1 - (entries[0]?.number ?? 0));
    for (let index = start; index < entries.length; index += 1) {
      const entry = entries[index];
      if (entry !== undefined && isFor(entry, group)) yield entry;
    }
  }

  /** A group that the engine has lost begins at the start of what is there, and what was trimmed since counts. */
  #cursor(lease: Lease): CursorData {
    this.#ownership.assertHeld(lease);
    const { cursors } = this.#group(groupOf(lease));
    return valueOf(cursors, lease.shardId, () => ({ delivered: 0, pending: new Map<string, number>() }));
  }

  #group(group: string): GroupData {
    return groupIn(this.#store.data, group);
  }
}

const isFor = (entry: StreamEntry, group: string): boolean => entry.group === null || entry.group === group;

function groupOf({ scope, shardId }: Lease): string {
  if (scope.kind === 'group') return scope.group;
  throw new TypeError(`the lease of shard ${shardId} is not of a group`);
}
