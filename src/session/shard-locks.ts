/**
 * Says which process owns each shard of a directory, with files that only one process can create.
 *
 * The lock of a shard is `shard-0.FENCE.lock`; the one with the highest fence counts. A process claims the shard by
 * creating the next one, which is possible while the last is released or its process is gone. Then it deletes the lower
 * ones. The last lock stays after its release, so that a fence is never used twice.
 */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { fs } from '../node-modules.ts';
import type { Clock } from '../clock.ts';
import { GatewayError } from '../protocol/errors.ts';
import { fieldsOf } from '../protocol/validation.ts';
import { livenessOf, parseIdentity, thisProcess } from './process-identity.ts';
import type { ClaimOptions, SessionLease } from './session-store.ts';
import { FILE_MODE, codeOf, isMissing, readSmallFile } from './small-file.ts';

const DIRECTORY_MODE = 0o700;
/** How often an owner touches its locks, for processes that cannot check whether it still runs. */
const TOUCH_INTERVAL_MS = 3_000;
/** How long such a process must have seen no touch before it takes the shard over. */
const SILENT_AFTER_MS = 15_000;
/** Each attempt fails only if another process has claimed the shard in between. */
const MAX_ATTEMPTS = 20;

const LOCK_FILE = /^shard-(\d{1,12})\.(\d{1,12})\.lock$/;
/** `held` becomes `free` in place, which needs no space on the disk. */
const PREFIX = '{"state":"';
const HELD = 'held';
const FREE = 'free';

export const createDirectory = async (directory: string): Promise<unknown> =>
  fs.promises.mkdir(directory, { recursive: true, mode: DIRECTORY_MODE });

/** The fences of each shard, in ascending order. */
type Listing = ReadonlyMap<number, readonly number[]>;

interface Silence {
  readonly modifiedAt: number;
  readonly since: number;
}

export class ShardLocks {
  readonly #directory: string;
  readonly #clock: Clock;
  /** The paths of the locks that are held through this object. */
  readonly #held = new Set<string>();
  /** Since when a lock of another process has not been touched, by its path. */
  readonly #silences = new Map<string, Silence>();
  #listing: Promise<Listing> | null = null;
  #nextListing: Promise<Listing> | null = null;
  #interval: NodeJS.Timeout | undefined;

  constructor(directory: string, clock: Clock) {
    this.#directory = directory;
    this.#clock = clock;
  }

  async claim(shardId: number, { takeOver = false, signal }: ClaimOptions): Promise<SessionLease> {
    await createDirectory(this.#directory);
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      signal?.throwIfAborted();
      const last = (await this.#fencesOf(shardId)).at(-1) ?? 0;
      if (last > 0 && !takeOver) await this.#assertNotOwned(shardId, last);
      const fence = last + 1;
      const path = this.#pathOf(shardId, fence);
      if (!(await createLock(path, fence))) continue;
      const fences = await this.#fencesOf(shardId);
      if (fences.at(-1) !== fence) {
        await fs.promises.rm(path, { force: true });
        continue;
      }
      for (const lower of fences.slice(0, -1)) {
        await fs.promises.rm(this.#pathOf(shardId, lower), { force: true }).catch(() => undefined);
      }
      this.#held.add(path);
      this.#startTouching();
      return { fence, release: () => this.#release(path) };
    }
    throw inUse(shardId, this.#directory, 'other processes');
  }

  /** Rejects with `SESSION_IN_USE` if another process has claimed the shard since, or the lease is released. */
  async assertHeld(shardId: number, { fence }: SessionLease): Promise<void> {
    const path = this.#pathOf(shardId, fence);
    // The next owner creates its lock first, then deletes this one.
    const isHeld = this.#held.has(path) && (await exists(path)) && !(await exists(this.#pathOf(shardId, fence + 1)));
    if (isHeld) return;
    this.#held.delete(path);
    throw new GatewayError('SESSION_IN_USE', `another owner has claimed shard ${shardId} in ${this.#directory}`);
  }

  #pathOf(shardId: number, fence: number): string {
    return join(this.#directory, `shard-${shardId}.${fence}.lock`);
  }

  /** Resolves with the fences of a shard's locks, in ascending order. */
  async #fencesOf(shardId: number): Promise<readonly number[]> {
    return (await this.#list()).get(shardId) ?? [];
  }

  /** A listing that begins after the call. Calls at the same time share it, because a directory may be large. */
  #list(): Promise<Listing> {
    const listNext = async (): Promise<Listing> => {
      await this.#listing?.catch(() => undefined);
      this.#nextListing = null;
      this.#listing = listLocks(this.#directory);
      return this.#listing;
    };
    this.#nextListing ??= listNext();
    return this.#nextListing;
  }

  async #assertNotOwned(shardId: number, fence: number): Promise<void> {
    const path = this.#pathOf(shardId, fence);
    const file = await readSmallFile(path);
    if (file === null || file.text.startsWith(`${PREFIX}${FREE}`)) return;
    const owner = parseOwner(file.text);
    const liveness = owner === null ? 'unknown' : await livenessOf(owner);
    if (liveness === 'dead') return;
    if (liveness === 'unknown' && this.#isSilent(path, file.modifiedAt)) return;
    throw inUse(shardId, this.#directory, owner === null ? 'another process' : `process ${owner.pid} on ${owner.host}`);
  }

  /** Measured with the own clock only: two machines may have different times. */
  #isSilent(path: string, modifiedAt: number): boolean {
    const now = this.#clock.now();
    const silence = this.#silences.get(path);
    if (silence?.modifiedAt === modifiedAt) return now - silence.since >= SILENT_AFTER_MS;
    this.#silences.set(path, { modifiedAt, since: now });
    return false;
  }

  async #release(path: string): Promise<void> {
    if (!this.#held.delete(path)) return;
    try {
      const file = await fs.promises.open(
        path,
        fs.constants.O_WRONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK,
      );
      try {
        await file.write(FREE, PREFIX.length);
      } finally {
        await file.close();
      }
    } catch (cause) {
      if (!isMissing(cause)) await fs.promises.rm(path, { force: true });
    }
  }

  /** A sign of life for others is one in real time. A process must be able to end while it owns a shard. */
  #startTouching(): void {
    this.#interval ??= setInterval(() => void this.#touch(), TOUCH_INTERVAL_MS).unref();
  }

  async #touch(): Promise<void> {
    if (this.#held.size === 0) {
      clearInterval(this.#interval);
      this.#interval = undefined;
    }
    const seconds = this.#clock.now() / 1_000;
    for (const path of this.#held) await fs.promises.utimes(path, seconds, seconds).catch(() => undefined);
  }
}

async function listLocks(directory: string): Promise<Listing> {
  const listing = new Map<number, number[]>();
  for (const name of await fs.promises.readdir(directory)) {
    const match = LOCK_FILE.exec(name);
    if (match === null) continue;
    const shardId = Number(match[1]);
    listing.set(shardId, [...(listing.get(shardId) ?? []), Number(match[2])]);
  }
  for (const fences of listing.values()) fences.sort((a, b) => a - b);
  return listing;
}

const inUse = (shardId: number, directory: string, owner: string): GatewayError =>
  new GatewayError('SESSION_IN_USE', `shard ${shardId} in ${directory} belongs to ${owner}, which is running`);

function parseOwner(text: string): ReturnType<typeof parseIdentity> {
  try {
    return parseIdentity(fieldsOf(JSON.parse(text))['owner']);
  } catch {
    return null;
  }
}

/** Resolves with whether this call has created it. */
async function createLock(path: string, fence: number): Promise<boolean> {
  const rest = JSON.stringify({ fence, instance: randomUUID(), owner: await thisProcess() }).slice(1);
  try {
    await fs.promises.writeFile(path, `${PREFIX}${HELD}",${rest}\n`, { flag: 'wx', mode: FILE_MODE });
    return true;
  } catch (cause) {
    if (codeOf(cause) === 'EEXIST') return false;
    // The file may have been created before the disk was found to be full.
    await fs.promises.rm(path, { force: true }).catch(() => undefined);
    throw cause;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await fs.promises.lstat(path);
    return true;
  } catch (cause) {
    if (isMissing(cause)) return false;
    throw cause;
  }
}
