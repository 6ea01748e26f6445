/**
 * Sessions that outlive the process, one JSON file a shard. A file is replaced as a whole or not at all, so a crash
 * in the middle of a write leaves the session before it.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { GatewayError } from '../protocol/errors.ts';
import { parseSession } from './session.ts';
import type { Session } from './session.ts';
import type { SessionStore } from './session-store.ts';

/** Whoever can read a session can do nothing without the token, but it is nobody else's business either. */
const FILE_MODE = 0o600;
const DIRECTORY_MODE = 0o700;

const isMissing = (cause: unknown): boolean => cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';

/**
 * A {@link SessionStore} in a directory: `shard-0.json`, `shard-1.json`, … readable by the owner only.
 *
 * Calls for one shard take effect in the order they were made. Use one store a directory: two processes that write
 * the same shard do not tear its file, but the later one wins.
 *
 * @see https://discord.com/developers/docs/events/gateway#resuming
 */
export class FileSessionStore implements SessionStore {
  readonly #directory: string;
  /** What is under way for each shard; an entry stays only until it is done. */
  readonly #queues = new Map<number, Promise<unknown>>();

  /**
   * @param directory - Created with the first save, readable by the owner only.
   * @throws {@link GatewayError} `INVALID_OPTIONS` when it is not a path.
   */
  constructor(directory: string) {
    if (typeof directory !== 'string' || directory === '') {
      throw new GatewayError('INVALID_OPTIONS', 'the directory of a FileSessionStore must be a non-empty string');
    }
    this.#directory = resolve(directory);
  }

  /**
   * @returns `null` when there is no file.
   * @throws {@link GatewayError} `SESSION_STORE_FAILED` when the file can't be read or holds no session of this shard;
   * `hint` says what to do.
   */
  load(shardId: number): Promise<Session | null> {
    const path = this.#pathOf(shardId);
    return this.#enqueue(shardId, async () => {
      const text = await this.#read(path);
      return text === null ? null : parseFile(text, path, shardId);
    });
  }

  /**
   * Settles when the file is on the disk.
   *
   * @throws {@link GatewayError} `INVALID_SESSION` when `session` is none, `SESSION_STORE_FAILED` when it can't be
   * written; the file is then as it was before.
   */
  async save(session: Session): Promise<void> {
    const copy = parseSession(session);
    const path = this.#pathOf(copy.shardId);
    return this.#enqueue(copy.shardId, async () => {
      try {
        await mkdir(this.#directory, { recursive: true, mode: DIRECTORY_MODE });
        await replaceFile(path, `${JSON.stringify(copy)}\n`);
      } catch (cause) {
        const hint = `Make sure that ${this.#directory} is a directory this process may write to, with space left.`;
        throw storeFailed(`${path} could not be written`, hint, cause);
      }
    });
  }

  /** @throws {@link GatewayError} `SESSION_STORE_FAILED` when there is a file and it can't be removed. */
  clear(shardId: number): Promise<void> {
    const path = this.#pathOf(shardId);
    return this.#enqueue(shardId, async () => {
      try {
        await rm(path, { force: true });
      } catch (cause) {
        throw storeFailed(`${path} could not be removed`, 'Remove it by hand and check who owns its directory.', cause);
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
      throw storeFailed(`${path} could not be read`, 'Make sure that it is a file this process may read.', cause);
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

const storeFailed = (what: string, hint: string, cause?: unknown): GatewayError =>
  new GatewayError('SESSION_STORE_FAILED', what, { hint, ...(cause === undefined ? {} : { cause }) });

function parseFile(text: string, path: string, shardId: number): Session {
  const hint = `Move ${path} away or delete it; the shard then starts a new session.`;
  let session: Session;
  try {
    session = parseSession(JSON.parse(text));
  } catch (cause) {
    throw storeFailed(`${path} does not hold a session`, hint, cause);
  }
  if (session.shardId === shardId) return session;
  throw storeFailed(`${path} holds the session of shard ${session.shardId}, not of shard ${shardId}`, hint);
}

/** A rename within a directory is atomic; what it puts in place has to be on the disk before. */
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
