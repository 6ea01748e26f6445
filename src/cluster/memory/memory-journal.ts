/** The sessions and their snapshots. Each write checks the lease, appends to the stream and moves the sequence at once. */
import type { Session } from '../../session/session.ts';
import type { Lease } from '../ports/ownership.ts';
import type { CommitResult, JournalCommit, PublishedDispatch, StreamBounds } from '../ports/session-journal.ts';
import { keyOf, shardKeyOf, valueOf } from './memory-data.ts';
import type { ShardKey } from './memory-data.ts';
import type { MemoryOwnership } from './memory-ownership.ts';
import type { MemoryStore } from './memory-store.ts';
import type { MemoryStreams } from './memory-streams.ts';

const STORED: CommitResult = { kind: 'stored' };
const FORGOTTEN: CommitResult = { kind: 'forgotten' };
const OTHER_SESSION: CommitResult = { kind: 'otherSession' };

export class MemoryJournal {
  readonly #store: MemoryStore;
  readonly #ownership: MemoryOwnership;
  readonly #streams: MemoryStreams;

  constructor(store: MemoryStore, ownership: MemoryOwnership, streams: MemoryStreams) {
    this.#store = store;
    this.#ownership = ownership;
    this.#streams = streams;
  }

  load(lease: Lease): Session | null {
    this.#ownership.assertHeld(lease);
    const session = this.#sessions.get(keyOf(lease));
    return session === undefined ? null : { ...session };
  }

  loadUnread(lease: Lease, maxBytes: number): readonly PublishedDispatch[] {
    this.#ownership.assertHeld(lease);
    const { shardId } = lease;
    const sessionId = this.#sessions.get(keyOf(lease))?.sessionId;
    const first = this.#streams.firstUnread(shardId);
    const found: PublishedDispatch[] = [];
    let bytes = 0;
    for (const { number, dispatch, group } of this.#streams.get(shardId).entries.toReversed()) {
      if (number < first || dispatch.sessionId !== sessionId) break;
      const { sequence, t, guildId } = dispatch;
      if (group !== null) continue;
      bytes += dispatch.bytes.byteLength;
      if (bytes > maxBytes) break;
      found.push({ sequence, t, guildId, bytes: dispatch.bytes });
    }
    return found.toReversed();
  }

  open(lease: Lease, session: Session, entries: readonly PublishedDispatch[], bounds: StreamBounds): CommitResult {
    if (this.#ownership.isForgotten(lease)) return FORGOTTEN;
    const { shardId } = lease;
    const key = keyOf(lease);
    const stored = this.#sessions.get(key);
    if (stored?.sessionId === session.sessionId) {
      const { sequence } = stored;
      this.#sessions.set(key, { ...session, sequence });
      return sequence < session.sequence ? { kind: 'behind', sequence } : STORED;
    }
    this.#sessions.set(key, { ...session });
    this.#streams.publish(shardId, session.sessionId, entries, bounds);
    return STORED;
  }

  commit(lease: Lease, { sessionId, base, sequence, entries, session, bounds }: JournalCommit): CommitResult {
    if (this.#ownership.isForgotten(lease)) return FORGOTTEN;
    const { shardId } = lease;
    const key = keyOf(lease);
    const stored = this.#sessions.get(key);
    if (stored?.sessionId !== sessionId) return OTHER_SESSION;
    if (stored.sequence < base) return { kind: 'behind', sequence: stored.sequence };
    // A step that was followed by another one already has old fields.
    if (stored.sequence > sequence) return STORED;
    this.#sessions.set(key, { ...(session ?? stored), sequence });
    const added = entries.filter((entry) => entry.sequence > stored.sequence);
    this.#streams.publish(shardId, sessionId, added, bounds);
    return STORED;
  }

  clear(lease: Lease): void {
    this.#ownership.assertHeld(lease);
    this.#sessions.delete(keyOf(lease));
    this.#store.data.snapshots.delete(keyOf(lease));
  }

  loadSnapshot(shardId: number): Uint8Array | null {
    const { plan, snapshots } = this.#store.data;
    const parts = snapshots.get(shardKeyOf(shardId, plan?.generation));
    return parts === undefined ? null : Buffer.concat(parts);
  }

  saveSnapshot(lease: Lease, bytes: Uint8Array): void {
    this.#ownership.assertHeld(lease);
    this.#store.data.snapshots.set(keyOf(lease), [Uint8Array.from(bytes)]);
  }

  appendSnapshot(lease: Lease, bytes: Uint8Array): void {
    this.#ownership.assertHeld(lease);
    valueOf(this.#store.data.snapshots, keyOf(lease), () => []).push(Uint8Array.from(bytes));
  }

  get #sessions(): Map<ShardKey, Session> {
    return this.#store.data.sessions;
  }
}
