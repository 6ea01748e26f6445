/**
 * Sessions that outlive the process: one JSON file a shard. Each write goes to a file of its own that is then renamed,
 * so that a crash leaves the old session or the new one, never half of one.
 */
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { GatewayError } from '../protocol/errors.ts';
import { parseSession } from './session.ts';
import type { Session } from './session.ts';
import type { SessionStore } from './session-store.ts';

/** A session is enough to read a bot's events: for its owner alone. */
const FILE_MODE = 0o600;

export class FileSessionStore implements SessionStore {
  readonly #directory: string;
  /** The last operation of each shard; the next one follows it. */
  readonly #last = new Map<number, Promise<unknown>>();
  #writes = 0;

  /** @param directory - made when it is not there */
  constructor(directory: string) {
    if (typeof directory !== 'string' || directory === '') {
      throw new GatewayError('INVALID_OPTIONS', 'directory must be the path of a folder for session files');
    }
    this.#directory = directory;
  }

  /** Rejects with `SESSION_STORE_FAILED` when the file is torn, foreign, or can't be read. */
  load(shardId: number): Promise<Session | null> {
    return this.#inTurn(shardId, async () => {
      const file = this.#file(shardId);
      let text: string;
      try {
        text = await readFile(file, 'utf8');
      } catch (cause) {
        if (isMissing(cause)) return null;
        throw failed(`${file} could not be read`, cause);
      }
      try {
        const session = parseSession(JSON.parse(text));
        if (session.shardId !== shardId) throw new Error(`it is of shard ${session.shardId}`);
        return session;
      } catch (cause) {
        throw failed(`${file} does not hold a session of shard ${shardId}; it is safe to delete it`, cause);
      }
    });
  }

  save(session: Session): Promise<void> {
    const text = `${JSON.stringify(parseSession(session))}\n`;
    return this.#inTurn(session.shardId, async () => {
      const file = this.#file(session.shardId);
      this.#writes += 1;
      const draft = `${file}.${process.pid}-${this.#writes}.tmp`;
      try {
        await mkdir(this.#directory, { recursive: true });
        const handle = await open(draft, 'w', FILE_MODE);
        try {
          await handle.writeFile(text);
          await handle.sync();
        } finally {
          await handle.close();
        }
        await rename(draft, file);
      } catch (cause) {
        await rm(draft, { force: true }).catch(() => undefined);
        throw failed(`${file} could not be written`, cause);
      }
    });
  }

  clear(shardId: number): Promise<void> {
    return this.#inTurn(shardId, async () => {
      const file = this.#file(shardId);
      try {
        await rm(file, { force: true });
      } catch (cause) {
        throw failed(`${file} could not be removed`, cause);
      }
    });
  }

  #file(shardId: number): string {
    return join(this.#directory, `shard-${shardId}.json`);
  }

  async #inTurn<T>(shardId: number, operation: () => Promise<T>): Promise<T> {
    const turn = (this.#last.get(shardId) ?? Promise.resolve()).then(operation, operation);
    this.#last.set(shardId, turn);
    try {
      return await turn;
    } finally {
      if (this.#last.get(shardId) === turn) this.#last.delete(shardId);
    }
  }
}

const isMissing = (cause: unknown): boolean =>
  typeof cause === 'object' && cause !== null && 'code' in cause && (cause.code === 'ENOENT' || cause.code === 'ENOTDIR');

const failed = (message: string, cause: unknown): GatewayError =>
  new GatewayError('SESSION_STORE_FAILED', message, { cause });
