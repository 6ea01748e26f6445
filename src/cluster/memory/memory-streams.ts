/** The streams of published dispatches, one a shard: appending to them, trimming them, and finding an entry again. */
import type { LoggedDispatch } from '../ports/dispatch-log.ts';
import type { PublishedDispatch, StreamBounds } from '../ports/session-journal.ts';
import { valueOf } from './memory-data.ts';
import type { StreamData, StreamEntry } from './memory-data.ts';
import type { MemoryStore } from './memory-store.ts';

const NO_STREAM: Readonly<StreamData> = { entries: [], nextNumber: 1 };

export class MemoryStreams {
  readonly #store: MemoryStore;

  constructor(store: MemoryStore) {
    this.#store = store;
  }

  get(shardId: number): Readonly<StreamData> {
    return this.#store.data.streams.get(shardId) ?? NO_STREAM;
  }

  /** Appends what a node publishes. The bytes are copied, because the node may use theirs again. */
  publish(shardId: number, sessionId: string, dispatches: readonly PublishedDispatch[], bounds: StreamBounds): void {
    for (const { sequence, t, guildId, bytes } of dispatches) {
      const dispatch = {
        shardId,
        sessionId,
        sequence,
        t,
        guildId,
        bytes: Uint8Array.from(bytes),
        isRedelivered: false,
      };
      this.#append(dispatch, null);
    }
    if (dispatches.length === 0) return;
    this.#trim(shardId, bounds);
    this.#store.streamNews.publish(shardId);
  }

  /** Appends a dead letter again, for its group alone. */
  append(dispatch: LoggedDispatch, group: string): void {
    const { position: _position, attempt: _attempt, ...rest } = dispatch;
    this.#append({ ...rest, isRedelivered: true }, group);
    this.#store.streamNews.publish(dispatch.shardId);
  }

  /** Returns the entry at a position, if it was not trimmed. */
  find(shardId: number, position: string): StreamEntry | undefined {
    const { entries } = this.get(shardId);
    const number = numberOf(position);
    const entry = entries[number - (entries[0]?.number ?? 0)];
    return entry?.dispatch.position === position ? entry : undefined;
  }

  /** Returns the number of the oldest entry that some group has not acknowledged; 0 if no group is known. */
  firstUnread(shardId: number): number {
    const cursors = [...this.#store.data.groups.values()].map(({ cursors: all }) => all.get(shardId));
    if (cursors.length === 0) return 0;
    return Math.min(
      ...cursors.flatMap((cursor) => [
        (cursor?.delivered ?? 0) + 1,
        ...[...(cursor?.pending.keys() ?? [])].map(numberOf),
      ]),
    );
  }

  sweep(maxAgeMs: number): void {
    for (const shardId of this.#store.data.streams.keys())
      this.#trim(shardId, { maxLength: Number.POSITIVE_INFINITY, maxAgeMs });
  }

  /** A position has the time in it, so that it is another one after the engine was empty. */
  #append(dispatch: Omit<StreamEntry['dispatch'], 'position'>, group: string | null): void {
    const stream = valueOf(this.#store.data.streams, dispatch.shardId, () => ({ entries: [], nextNumber: 1 }));
    const appendedAt = this.#store.clock.now();
    const number = stream.nextNumber;
    stream.nextNumber += 1;
    const position = `${Math.floor(appendedAt)}-${number}`;
    stream.entries.push({ number, appendedAt, dispatch: { ...dispatch, position }, group });
  }

  #trim(shardId: number, { maxLength, maxAgeMs }: StreamBounds): void {
    const { entries } = this.get(shardId);
    const oldestAt = this.#store.clock.now() - maxAgeMs;
    const kept = entries.findIndex(({ appendedAt }) => appendedAt >= oldestAt);
    entries.splice(0, Math.max(kept === -1 ? entries.length : kept, entries.length - maxLength));
  }
}

const numberOf = (position: string): number => Number(position.slice(position.indexOf('-') + 1));
