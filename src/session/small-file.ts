/**
 * Reads, replaces and extends the files of a session store. Others may write to the directory, so what is read may be
 * anything: a link, a FIFO on which a read would wait for ever, a device, or a file of any size.
 */
import { createHash, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { fs } from '../node-modules.ts';
import { fieldsOf } from '../protocol/validation.ts';
import { livenessOf, thisProcess } from './process-identity.ts';

/** The max size of a file. A session needs some 200 bytes. */
export const MAX_FILE_BYTES = 65_536;
/** A session is useless without the token, but other users of the machine have no reason to read it. */
export const FILE_MODE = 0o600;

/** Follows no link, and does not wait for the writer of a FIFO. Windows has neither flag, and takes 0 for it. */
const READ_FLAGS = fs.constants.O_RDONLY | fs.constants.O_NONBLOCK | fs.constants.O_NOFOLLOW;
const APPEND_FLAGS = fs.constants.O_WRONLY | fs.constants.O_APPEND | fs.constants.O_NONBLOCK | fs.constants.O_NOFOLLOW;
/** How old a temporary file must be to be deleted if its process cannot be checked. A write takes some ms. */
const ABANDONED_AFTER_MS = 600_000;
const TEMPORARY_FILE = /^shard-\d+\.(?:json|guilds|starts\.json)\.(?:([0-9a-f]{8})-(\d+)-(\d+)\.)?[^/]*\.tmp$/;

/** Returns the code of an error of Node, such as `ENOENT`. */
export const codeOf = (cause: unknown): unknown => fieldsOf(cause)['code'];
export const isMissing = (cause: unknown): boolean => codeOf(cause) === 'ENOENT';

export interface SmallFile {
  readonly text: string;
  readonly modifiedAt: number;
}

/** Resolves with `null` if there is no file. Rejects for anything but a regular file of at most `MAX_FILE_BYTES`. */
export async function readSmallFile(path: string): Promise<SmallFile | null> {
  const file = await readBytes(path, MAX_FILE_BYTES);
  return file === null ? null : { text: file.bytes.toString(), modifiedAt: file.modifiedAt };
}

/** Resolves with `null` if there is no file. Rejects for anything but a regular file of at most `maxBytes`. */
export async function readBytes(
  path: string,
  maxBytes: number,
): Promise<{ readonly bytes: Buffer; readonly modifiedAt: number } | null> {
  let file;
  try {
    file = await fs.promises.open(path, READ_FLAGS);
  } catch (cause) {
    if (isMissing(cause)) return null;
    throw codeOf(cause) === 'ELOOP' ? new Error('it is a symbolic link', { cause }) : cause;
  }
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw new Error('it is not a regular file');
    const buffer = Buffer.alloc(Math.min(stats.size, maxBytes) + 1);
    let length = 0;
    while (length < buffer.length) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length, length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    if (length > maxBytes) throw new Error(`it is larger than ${maxBytes} bytes`);
    return { bytes: buffer.subarray(0, length), modifiedAt: stats.mtimeMs };
  } finally {
    await file.close();
  }
}

/** Adds to the end of a regular file that exists. Resolves when it is on the disk. A kill may leave a part of it. */
export async function appendBytes(path: string, bytes: Uint8Array, beforeWrite: () => Promise<void>): Promise<void> {
  const file = await fs.promises.open(path, APPEND_FLAGS);
  try {
    if (!(await file.stat()).isFile()) throw new Error('it is not a regular file');
    await beforeWrite();
    await file.appendFile(bytes);
    await file.datasync();
  } finally {
    await file.close();
  }
}

const hashOf = (machine: string): string => createHash('sha256').update(machine).digest('hex').slice(0, 8);

/**
 * Replaces a file as a whole: a rename within a directory is atomic, but the new file must be on the disk before it.
 * `beforeRename` may still reject.
 */
export async function replaceFile(
  path: string,
  content: string | Uint8Array,
  beforeRename: () => Promise<void>,
): Promise<void> {
  const { machine, pid, startedAt } = await thisProcess();
  const temporary = `${path}.${hashOf(machine)}-${pid}-${startedAt ?? 0}.${randomUUID()}.tmp`;
  try {
    await fs.promises.writeFile(temporary, content, { flag: 'wx', mode: FILE_MODE, flush: true });
    await beforeRename();
    await fs.promises.rename(temporary, path);
  } catch (cause) {
    await fs.promises.rm(temporary, { force: true }).catch(() => undefined);
    throw cause;
  }
}

async function isAbandoned(directory: string, name: string, now: number): Promise<boolean> {
  const match = TEMPORARY_FILE.exec(name);
  if (match === null) return false;
  const { machine, host, thread } = await thisProcess();
  const [, hash, pid, startedAt] = match;
  if (hash === hashOf(machine)) {
    const owner = { machine, host, thread, pid: Number(pid), startedAt: startedAt === '0' ? null : String(startedAt) };
    const liveness = await livenessOf(owner);
    if (liveness !== 'unknown') return liveness === 'dead';
  }
  const { mtimeMs } = await fs.promises.lstat(join(directory, name));
  return now - mtimeMs > ABANDONED_AFTER_MS;
}

/** Deletes the temporary files that killed processes have left. Never rejects: it is only tidying up. */
export async function sweepTemporaryFiles(directory: string, now: number): Promise<void> {
  try {
    for (const name of await fs.promises.readdir(directory)) {
      if (await isAbandoned(directory, name, now)) await fs.promises.rm(join(directory, name), { force: true });
    }
  } catch {
    // The next store tries again.
  }
}
