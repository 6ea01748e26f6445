/**
 * Stores sessions beyond the process, in one JSON file per shard. A file is replaced as a whole or not at all: after a
 * crash in the middle of a write, the previous session is still there.
 */
import { join, resolve } from 'node:path';
import { fs } from '../node-modules.ts';
import { systemClock } from '../clock.ts';
import type { Clock } from '../clock.ts';
import { GatewayError, abortedError } from '../protocol/errors.ts';
import { assertOption, isCount } from '../protocol/validation.ts';
import { FileSnapshots } from './file-snapshots.ts';
import type { AssertHeld } from './file-snapshots.ts';
import { FileStarts } from './file-starts.ts';
import { parseSession } from './session.ts';
import type { Session } from './session.ts';
import type { ClaimOptions, SessionLease, SessionStore } from './session-store.ts';
import { ShardLocks, createDirectory } from './shard-locks.ts';
import { MAX_FILE_BYTES, readSmallFile, replaceFile, sweepTemporaryFiles } from './small-file.ts';

/** More calls at a time would not be faster, and thousands would need more open files than a process may have. */
const MAX_CONCURRENT_CALLS = 32;

/** The options of a {@link FileSessionStore}. */
export interface FileSessionStoreOptions {
  /**
   * The source of all times. Set it to a virtual clock in tests.
   * @defaultValue `systemClock`
   */
  clock?: Clock;
}

/**
 * A {@link SessionStore} in a directory: `shard-0.json`, `shard-1.json`, … readable by the owner only.
 *
 * Calls for the same shard take effect in the order you make them. While a shard runs, a file such as `shard-0.7.lock`
 * names the process that owns its session. A second process waits until the owner has stopped, or is gone.
 *
 * @see https://discord.com/developers/docs/events/gateway#resuming
 */
export class FileSessionStore implements SessionStore {
  readonly #directory: string;
  readonly #clock: Clock;
  readonly #locks: ShardLocks;
  readonly #snapshots: FileSnapshots;
  readonly #starts: FileStarts;
  readonly #slots = new Slots(MAX_CONCURRENT_CALLS);
  /** The last call for each shard; removed when it is done. */
  readonly #queues = new Map<number, Promise<unknown>>();
  #swept: Promise<void> | null = null;

  /**
   * @param directory - The path. It is created by the first `save()` or `claim()`, readable by the owner only.
   * @throws {@link GatewayError} `INVALID_OPTIONS` if it is not a non-empty string that can be a path.
   */
  constructor(directory: string, { clock = systemClock }: FileSessionStoreOptions = {}) {
    assertOption(
      typeof directory === 'string' && directory !== '' && !directory.includes('\0'),
      'the directory of a FileSessionStore must be a non-empty string that can be a path',
    );
    this.#directory = resolve(directory);
    this.#clock = clock;
    this.#locks = new ShardLocks(this.#directory, clock);
    this.#starts = new FileStarts(this.#directory);
    this.#snapshots = new FileSnapshots(this.#directory);
  }

  /**
   * Resolves with the session of a shard, or with `null` if there is no file.
   *
   * @throws {@link GatewayError} Rejects with `SESSION_STORE_FAILED` if the file cannot be read, is not a regular file
   * of at most 64 KiB, or does not contain a session of this shard. The hint says what to do. Rejects with
   * `INVALID_OPTIONS` if `shardId` is not the id of a shard.
   */
  async load(shardId: number): Promise<Session | null> {
    const path = this.#pathOf(shardId);
    return this.#enqueue(shardId, async () => {
      const text = await this.#read(path);
      return text === null ? null : parseFile(text, path, shardId);
    });
  }

  /**
   * Replaces the file of `session.shardId`. Resolves when the file is on the disk.
   *
   * @throws {@link GatewayError} Rejects with `INVALID_SESSION` if `session` is not a session, with `SESSION_IN_USE` if
   * `lease` is lost, and with `SESSION_STORE_FAILED` if the file cannot be written. The previous file then stays.
   */
  async save(session: Session, lease?: SessionLease): Promise<void> {
    const copy = parseSession(session);
    const { shardId } = copy;
    const path = this.#pathOf(shardId);
    const text = `${JSON.stringify(copy)}\n`;
    return this.#enqueue(shardId, async () => {
      if (Buffer.byteLength(text) > MAX_FILE_BYTES) {
        throw storeFailed(`the session of shard ${shardId} is larger than ${MAX_FILE_BYTES} bytes`, TOO_LARGE_HINT);
      }
      try {
        await this.#prepareDirectory();
        await replaceFile(path, text, () => this.#assertHeld(shardId, lease));
      } catch (cause) {
        if (cause instanceof GatewayError) throw cause;
        const hint = `Make sure that ${this.#directory} is a directory with free space and write access.`;
        throw storeFailed(`${path} could not be written`, hint, cause);
      }
    });
  }

  /**
   * Deletes the file of a shard. Resolves even if there is none.
   *
   * @throws {@link GatewayError} Rejects with `SESSION_IN_USE` if `lease` is lost, with `SESSION_STORE_FAILED` if the
   * file cannot be deleted, and with `INVALID_OPTIONS` if `shardId` is not the id of a shard.
   */
  async clear(shardId: number, lease?: SessionLease): Promise<void> {
    const path = this.#pathOf(shardId);
    return this.#enqueue(shardId, async () => {
      try {
        await this.#assertHeld(shardId, lease);
        await fs.promises.rm(path, { force: true });
      } catch (cause) {
        if (cause instanceof GatewayError) throw cause;
        throw storeFailed(
          `${path} could not be deleted`,
          'Delete it by hand, and check who owns its directory.',
          cause,
        );
      }
    });
  }

  /**
   * Claims a shard for this process, with a lock file that names it. Takes over at once from a process that is gone. If
   * this machine cannot check the owner, for example in another container, it is gone after 15 s without a sign of
   * life.
   *
   * @throws {@link GatewayError} Rejects with `SESSION_IN_USE` while the owner runs, also if it is a shard of this
   * process, with `SESSION_STORE_FAILED` if the lock cannot be written, and with `ABORTED`.
   */
  async claim(shardId: number, options: ClaimOptions = {}): Promise<SessionLease> {
    this.#pathOf(shardId);
    return this.#slots.run(async () => {
      try {
        return await this.#locks.claim(shardId, options);
      } catch (cause) {
        if (cause instanceof GatewayError) throw cause;
        if (options.signal?.aborted === true) throw abortedError('claim()', options.signal);
        const hint = `Make sure that ${this.#directory} is a directory with free space and write access.`;
        throw storeFailed(`shard ${shardId} could not be claimed in ${this.#directory}`, hint, cause);
      }
    });
  }

  /**
   * Resolves with the snapshot of a shard, from `shard-0.guilds`, or with `null` if there is no file.
   * @throws {@link GatewayError} Rejects as {@link load} does; the file may have up to 256 MiB.
   */
  async loadSnapshot(shardId: number): Promise<Uint8Array | null> {
    return this.#onSnapshot(shardId, 'read', () => this.#snapshots.load(shardId));
  }

  /**
   * Replaces the snapshot of a shard. Resolves when the file is on the disk.
   * @throws {@link GatewayError} Rejects as {@link save} does.
   */
  async saveSnapshot(shardId: number, bytes: Uint8Array, lease?: SessionLease): Promise<void> {
    return this.#onSnapshot(shardId, 'written', async () => {
      await this.#prepareDirectory();
      await this.#snapshots.save(shardId, bytes, this.#heldBy(shardId, lease));
    });
  }

  /**
   * Adds to the snapshot of a shard. Resolves when that is on the disk.
   * @throws {@link GatewayError} Rejects as {@link save} does.
   */
  async appendSnapshot(shardId: number, bytes: Uint8Array, lease?: SessionLease): Promise<void> {
    return this.#onSnapshot(shardId, 'written', () =>
      this.#snapshots.append(shardId, bytes, this.#heldBy(shardId, lease)),
    );
  }

  /**
   * Deletes the snapshot of a shard. Resolves also if the shard has no snapshot.
   * @throws {@link GatewayError} Rejects as {@link clear} does.
   */
  async clearSnapshot(shardId: number, lease?: SessionLease): Promise<void> {
    return this.#onSnapshot(shardId, 'deleted', () => this.#snapshots.clear(shardId, this.#heldBy(shardId, lease)));
  }

  /**
   * Resolves with the times of the last session starts of a shard, from `shard-0.starts.json`.
   * @throws {@link GatewayError} Rejects as {@link load} does.
   */
  async loadStarts(shardId: number): Promise<readonly number[]> {
    return this.#onFile(shardId, { files: this.#starts, verb: 'read' }, () => this.#starts.load(shardId));
  }

  /**
   * Replaces the times of the last session starts of a shard. Resolves when the file is on the disk.
   * @throws {@link GatewayError} Rejects as {@link save} does.
   */
  async saveStarts(shardId: number, times: readonly number[]): Promise<void> {
    return this.#onFile(shardId, { files: this.#starts, verb: 'written' }, async () => {
      await this.#prepareDirectory();
      await this.#starts.save(shardId, times);
    });
  }

  #onSnapshot<T>(shardId: number, verb: string, task: () => Promise<T>): Promise<T> {
    return this.#onFile(shardId, { files: this.#snapshots, verb }, task);
  }

  #onFile<T>(
    shardId: number,
    { files, verb }: { files: { pathOf(shardId: number): string }; verb: string },
    task: () => Promise<T>,
  ): Promise<T> {
    this.#pathOf(shardId);
    return this.#enqueue(shardId, async () => {
      try {
        return await task();
      } catch (cause) {
        if (cause instanceof GatewayError) throw cause;
        const path = files.pathOf(shardId);
        const hint = `Make sure that ${path} is a file that this process may read and write, and that there is space.`;
        throw storeFailed(`${path} could not be ${verb}`, hint, cause);
      }
    });
  }

  async #prepareDirectory(): Promise<void> {
    await createDirectory(this.#directory);
    this.#swept ??= sweepTemporaryFiles(this.#directory, this.#clock.now());
    await this.#swept;
  }

  #heldBy(shardId: number, lease: SessionLease | undefined): AssertHeld {
    return () => this.#assertHeld(shardId, lease);
  }

  async #assertHeld(shardId: number, lease: SessionLease | undefined): Promise<void> {
    if (lease !== undefined) await this.#locks.assertHeld(shardId, lease);
  }

  #pathOf(shardId: number): string {
    assertOption(isCount(shardId), 'shardId must be an integer, 0 or more');
    return join(this.#directory, `shard-${shardId}.json`);
  }

  async #read(path: string): Promise<string | null> {
    try {
      return (await readSmallFile(path))?.text ?? null;
    } catch (cause) {
      const hint = `Make sure that ${path} is a file that this process may read, or delete it.`;
      throw storeFailed(`${path} could not be read`, hint, cause);
    }
  }

  async #enqueue<T>(shardId: number, task: () => Promise<T>): Promise<T> {
    const before = this.#queues.get(shardId) ?? Promise.resolve();
    const result = before.then(() => this.#slots.run(task));
    const after = result.catch(() => undefined);
    this.#queues.set(shardId, after);
    try {
      return await result;
    } finally {
      if (this.#queues.get(shardId) === after) this.#queues.delete(shardId);
    }
  }
}

const TOO_LARGE_HINT = 'Report this as a bug of the gateway: a session needs some 200 bytes.';

const storeFailed = (message: string, hint: string, cause?: unknown): GatewayError =>
  new GatewayError('SESSION_STORE_FAILED', message, { hint, ...(cause === undefined ? {} : { cause }) });

function parseFile(text: string, path: string, shardId: number): Session {
  const hint = `Delete ${path} or move it away; the shard then starts a new session.`;
  let session: Session;
  try {
    session = parseSession(JSON.parse(text));
  } catch (cause) {
    throw storeFailed(`${path} does not contain a session`, hint, cause);
  }
  if (session.shardId === shardId) return session;
  throw storeFailed(`${path} contains the session of shard ${session.shardId}, not of shard ${shardId}`, hint);
}

/** Runs at most `count` tasks at a time. */
class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((next) => void this.#waiting.push(next));
    try {
      return await task();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}
