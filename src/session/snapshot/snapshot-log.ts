/**
 * Writes the snapshot of one shard: a log of the dispatches that changed its guilds. Before a session is stored, all
 * changes up to its sequence are. A process that is killed leaves changes behind that its session does not count yet.
 * The next one skips them, because Discord sends them again. So snapshot and session agree at any moment.
 *
 * The log is folded when it has doubled: what Discord would send to a new session takes the place of its changes.
 */
import { deflateRaw } from 'node:zlib';
import { util } from '../../node-modules.ts';
import { GatewayError } from '../../protocol/errors.ts';
import type { Session } from '../session.ts';
import { decodeFrame, decodeFrames, encodeFrame } from './snapshot-frame.ts';
import type { SnapshotStore } from './snapshot-store.ts';
import { lastOf, readSnapshot } from './stored-snapshot.ts';
import type { StoredSnapshot } from './stored-snapshot.ts';

const deflate = util.promisify(deflateRaw);

/** Smaller data gains little. */
const DEFLATE_FROM_BYTES = 1_024;
/** So much is written without waiting for the session. */
const FLUSH_BYTES = 1_048_576;
/** A smaller log is not folded. */
const MIN_FOLD_BYTES = 4_194_304;
/** So much may wait for a store that fails or is slow. */
const MAX_PENDING_BYTES = 67_108_864;
/** A shard has at most 2,500 guilds, of some 10 KB each. */
export const MAX_SNAPSHOT_BYTES = 268_435_456;

/** A store whose `loadSnapshot()` can be given up. */
export interface AbortableSnapshotStore extends SnapshotStore {
  loadSnapshot(shardId: number, signal?: AbortSignal): Promise<Uint8Array | null>;
}

export interface SnapshotLogOptions {
  readonly shardId: number;
  readonly store: AbortableSnapshotStore;
  readonly report: (error: GatewayError) => void;
  /** Returns whether anything may be written: a set of shards that is not in service may not. */
  readonly mayWrite: () => boolean;
  /** The size from which on the log is folded, and the one from which on it is given up. */
  readonly limits?: { readonly foldBytes?: number; readonly maxBytes?: number };
}

/** What is known about the log in the store. */
interface Log {
  readonly sessionId: string;
  /** The sequence of the last change, stored or not. */
  sequence: number;
  storedSequence: number;
  storedBytes: number;
  /** Its size after it was last folded or read. */
  foldedBytes: number;
  /** `replace`: the store has nothing of it. `repair`: what the store has may be cut off. */
  next: 'replace' | 'append' | 'repair';
}

async function pack(frame: Buffer): Promise<Buffer> {
  const decoded = decodeFrame(frame);
  if (decoded === null || decoded.isDeflated || decoded.data.length < DEFLATE_FROM_BYTES) return frame;
  return encodeFrame(decoded, await deflate(decoded.data, { level: 3 }), true);
}

export class SnapshotLog {
  readonly #options: SnapshotLogOptions;
  readonly #foldBytes: number;
  readonly #maxBytes: number;
  #log: Log | null = null;
  /** The frames that are not stored, in order. */
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  /** How many of them, from the first on, are packed. */
  #packed = 0;
  #unpackedBytes = 0;
  #isStopped = false;
  /** The last task. They run one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: SnapshotLogOptions) {
    this.#options = options;
    this.#foldBytes = options.limits?.foldBytes ?? MIN_FOLD_BYTES;
    this.#maxBytes = options.limits?.maxBytes ?? MAX_SNAPSHOT_BYTES;
  }

  /** Returns the sequence of the last change of a session; `undefined` if there is no snapshot of it. */
  sequenceOf(sessionId: string): number | undefined {
    return this.#log?.sessionId === sessionId ? this.#log.sequence : undefined;
  }

  /** Takes a frame, in the order of the dispatches. It is stored before a session that counts it. */
  record(frame: Buffer): void {
    const change = decodeFrame(frame);
    if (change === null) return this.reset();
    const { sessionId, t, s } = change;
    if (t === 'READY') {
      this.reset();
      this.#log = { sessionId, sequence: s, storedSequence: 0, storedBytes: 0, foldedBytes: 0, next: 'replace' };
    }
    if (this.#log?.sessionId !== sessionId) return;
    const linked = encodeFrame({ ...change, previous: t === 'READY' ? 0 : this.#log.sequence }, change.data);
    this.#log.sequence = Math.max(this.#log.sequence, s);
    this.#pending.push(linked);
    this.#pendingBytes += linked.length;
    this.#unpackedBytes += linked.length;
    if (this.#pendingBytes > MAX_PENDING_BYTES)
      return this.giveUp(`${this.#pendingBytes} bytes wait for the session store`);
    if (this.#unpackedBytes > FLUSH_BYTES) this.#run(() => this.#writeEarly()).catch(() => undefined);
  }

  /** Forgets the snapshot. */
  reset(): void {
    this.#log = null;
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#packed = 0;
    this.#unpackedBytes = 0;
  }

  /** The session goes on without a snapshot, so the next process will not resume it. */
  giveUp(reason: string, cause?: unknown): void {
    if (this.#log === null) return;
    this.reset();
    const message = `the guilds are no longer kept for the next process: ${reason}`;
    this.#options.report(new GatewayError('SNAPSHOT_FAILED', message, cause === undefined ? {} : { cause }));
  }

  /** Resolves with what the store has for a session, and continues it. Rejects if it can't be restored. */
  async load(session: Session, signal?: AbortSignal): Promise<StoredSnapshot> {
    const before = this.#log;
    const snapshot = readSnapshot(await this.#options.store.loadSnapshot(session.shardId, signal), session);
    // An answer may be so late that another session has begun.
    if (signal?.aborted !== true && this.#log === before) this.#continueWith(snapshot, session.sessionId);
    return snapshot;
  }

  #continueWith({ bytes, validBytes, lastSequence }: StoredSnapshot, sessionId: string): void {
    this.reset();
    this.#log = {
      sessionId,
      sequence: lastSequence,
      storedSequence: lastSequence,
      storedBytes: validBytes,
      foldedBytes: validBytes,
      next: validBytes === bytes.length ? 'append' : 'repair',
    };
  }

  /** Stores all changes so far. Rejects when the store does; they are then stored with the next call. */
  flush(): Promise<void> {
    return this.#run(() => this.#write());
  }

  /** The session is stored: folds the log if it has grown. Never rejects. */
  async foldAfter(session: Session): Promise<void> {
    const log = this.#log;
    if (log?.sessionId !== session.sessionId || this.#isStopped) return;
    if (log.storedBytes < Math.max(this.#foldBytes, log.foldedBytes * 2)) return;
    try {
      await this.#run(() => this.#fold(log, session));
    } catch (cause) {
      // Not before it has doubled again.
      log.foldedBytes = log.storedBytes;
      const message = 'the snapshot of the guilds could not be folded; it stays unchanged';
      this.#options.report(new GatewayError('SESSION_STORE_FAILED', message, { cause }));
    }
  }

  /** Deletes what the store has, unless another session has begun meanwhile. */
  clearStored(): Promise<void> {
    const { store, shardId } = this.#options;
    return this.#run(async () => (this.#log === null ? store.clearSnapshot(shardId) : undefined));
  }

  start(): void {
    this.#isStopped = false;
  }

  /** Folds no more: the process is about to end. */
  stop(): void {
    this.#isStopped = true;
  }

  #run<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#last.then(task);
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** Whether the session of a task is still the current one. */
  #isCurrent(log: Log): boolean {
    return this.#log === log;
  }

  async #writeEarly(): Promise<void> {
    if (this.#options.mayWrite()) await this.#write();
    else await this.#pack();
  }

  /** Packs what waits, so that it takes less memory. */
  async #pack(): Promise<void> {
    for (;;) {
      const log = this.#log;
      const frame = this.#pending[this.#packed];
      if (log === null || frame === undefined) return;
      const packed = await pack(frame);
      if (!this.#isCurrent(log)) return;
      this.#pending[this.#packed] = packed;
      this.#packed += 1;
      this.#pendingBytes += packed.length - frame.length;
      this.#unpackedBytes -= frame.length;
    }
  }

  async #write(): Promise<void> {
    await this.#pack();
    const log = this.#log;
    if (log === null || this.#pending.length === 0) return;
    const count = this.#packed;
    const { sequence } = log;
    const bytes = Buffer.concat(this.#pending.slice(0, count));
    if (log.storedBytes + bytes.length > this.#maxBytes)
      return this.giveUp(`the snapshot is larger than ${this.#maxBytes} bytes`);
    const before = log.next;
    log.next = before === 'replace' ? 'replace' : 'repair';
    const { store, shardId } = this.#options;
    if (before === 'append') await store.appendSnapshot(shardId, bytes);
    else
      await store.saveSnapshot(shardId, before === 'replace' ? bytes : Buffer.concat([await this.#intact(log), bytes]));
    if (!this.#isCurrent(log)) return;
    log.next = 'append';
    log.storedBytes += bytes.length;
    log.storedSequence = sequence;
    this.#pending.splice(0, count);
    this.#packed -= count;
    this.#pendingBytes -= bytes.length;
  }

  /** Resolves with the part of the stored log that is whole. */
  async #intact(log: Log): Promise<Buffer> {
    const { store, shardId } = this.#options;
    const stored = await store.loadSnapshot(shardId);
    const { frames } = decodeFrames(Buffer.from(stored ?? []));
    const intact = frames.filter(({ sessionId }) => sessionId === log.sessionId);
    const last = lastOf(intact);
    if (last === null || last < log.storedSequence) {
      this.giveUp('the session store has lost a part of the snapshot');
      throw new Error('the session store has lost a part of the snapshot');
    }
    return Buffer.concat(intact.map(({ bytes }) => bytes));
  }

  async #fold(log: Log, session: Session): Promise<void> {
    const { store, shardId } = this.#options;
    const { sessionId, storedSequence: s } = log;
    // The session is behind, because a consumer is. A change that it does not count must stay one.
    if (s > session.sequence) return;
    const stored = await store.loadSnapshot(shardId);
    const { index } = readSnapshot(stored, { ...session, snapshotSequence: s });
    const frames: Buffer[] = [];
    for await (const { t, guildId, data, frame } of index.dispatches()) {
      if (this.#isStopped || !this.#isCurrent(log) || !this.#options.mayWrite()) return;
      const change = { sessionId, t, s, previous: s, guildId };
      frames.push(
        frame === null ? await pack(encodeFrame(change, data)) : encodeFrame(change, frame.data, frame.isDeflated),
      );
    }
    const bytes = Buffer.concat(frames);
    await store.saveSnapshot(shardId, bytes);
    if (!this.#isCurrent(log)) return;
    log.storedBytes = bytes.length;
    log.foldedBytes = bytes.length;
  }
}
