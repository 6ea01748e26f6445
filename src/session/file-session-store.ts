/**
 * Stores sessions beyond the process, in one JSON file per shard. A file is replaced as a whole or not at all: after a
 * crash in the middle of a write, the previous session is still there.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { GatewayError } from '../protocol/errors.ts';
import { parseSession } from './session.ts';
import type { Session } from './session.ts';
import type { SessionStore } from './session-store.ts';

/** A session is useless without the token, but other users of the machine have no reason to read it. */
const FILE_MODE = 0o600;
const DIRECTORY_MODE = 0o700;

const isMissing = (cause: unknown): boolean => cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';

/**
 * A {@link SessionStore} in a directory: `shard-0.json`, `shard-1.json`, … readable by the owner only.
 *
 * Calls for the same shard take effect in the order you make them. Use one store per directory. If two processes write
 * the same shard, the file stays intact and the later write wins.
 *
 * @see https://discord.com/developers/docs/events/gateway#resuming
 */
export class FileSessionStore implements SessionStore {
  readonly #directory: string;
  /** The last call for each shard; removed when it is done. */
  readonly #queues = new Map<number, Promise<unknown>>();

  /**
   * @param directory - The path. It is created by the first `save()`, readable by the owner only.
   * @throws {@link GatewayError} `INVALID_OPTIONS` if it is not a non-empty string.
   */
  constructor(directory: string) {
    if (typeof directory !== 'string' || directory === '') {
      throw new GatewayError('INVALID_OPTIONS', 'the directory of a FileSessionStore must be a non-empty string');
    }
    this.#directory = resolve(directory);
  }

  /**
   * Resolves with the session of a shard, or with `null` if there is no file.
   *
   * @throws {@link GatewayError} Rejects with `SESSION_STORE_FAILED` if the file cannot be read or does not contain a
   * session of this shard. The hint says what to do.
   */
  load(shardId: number): Promise<Session | null> {
    const path = this.#pathOf(shardId);
    return this.#enqueue(shardId, async () => {
      const text = await this.#read(path);
      return text === null ? null : parseFile(text, path, shardId);
    });
  }

  /**
   * Replaces the file of `session.shardId`. Resolves when the file is on the disk.
   *
   * @throws {@link GatewayError} Rejects with `INVALID_SESSION` if `session` is not a session, and with
   * `SESSION_STORE_FAILED` if the file cannot be written. The previous file then stays.
   */
  async save(session: Session): Promise<void> {
    const copy = parseSession(session);
    const path = this.#pathOf(copy.shardId);
    return this.#enqueue(copy.shardId, async () => {
      try {
        await mkdir(this.#directory, { recursive: true, mode: DIRECTORY_MODE });
        await replaceFile(path, `${JSON.stringify(copy)}\n`);
      } catch (cause) {
        const hint = `Make sure that ${this.#directory} is a directory with free space and write access.`;
        throw storeFailed(`${path} could not be written`, hint, cause);
      }
    });
  }

  /**
   * Deletes the file of a shard. Resolves even if there is none.
   *
   * @throws {@link GatewayError} Rejects with `SESSION_STORE_FAILED` if the file cannot be deleted.
   */
  clear(shardId: number): Promise<void> {
    const path = this.#pathOf(shardId);
    return this.#enqueue(shardId, async () => {
      try {
        await rm(path, { force: true });
      } catch (cause) {
        throw storeFailed(
          `${path} could not be deleted`,
          'Delete it by hand, and check who owns its directory.',
          cause,
        );
      }
    });
  }

  #pathOf(shardId: number): string {
    return join(this.#directory, `shard-${shardId}.json`);
  }

  async #read(path: string): Promise<string | null> {
    try {
      return await readFile(path, 'utf8');
    } catch (cause) {
      if (isMissing(cause)) return null;
      throw storeFailed(`${path} could not be read`, 'Make sure that it is a file that this process may read.', cause);
    }
  }

  async #enqueue<T>(shardId: number, task: () => Promise<T>): Promise<T> {
    const before = this.#queues.get(shardId) ?? Promise.resolve();
    const result = before.then(task);
    const after = result.catch(() => undefined);
    this.#queues.set(shardId, after);
    try {
      return await result;
    } finally {
      if (this.#queues.get(shardId) === after) this.#queues.delete(shardId);
    }
  }
}

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

/** A rename within a directory is atomic, but the new file must be on the disk before it. */
async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    const file = await open(temporary, 'wx', FILE_MODE);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw cause;
  }
}
