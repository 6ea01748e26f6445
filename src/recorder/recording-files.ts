/** The files of a recorder, as a port: a disk may be full, slow or gone, which tests play. */
import { closeSync, constants, mkdirSync, openSync, writeSync } from 'node:fs';
import type { WriteStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { isMissing } from '../session/small-file.ts';

/** A file in the directory of a recording. */
export interface StoredFile {
  readonly name: string;
  readonly bytes: number;
  readonly modifiedAt: number;
}

export interface RecordingFiles {
  /** Creates the file, and its directory if it is missing. Rejects if the file exists. */
  create(path: string): Promise<void>;
  /** Writes at a position of a file that exists. */
  write(path: string, bytes: Uint8Array, position: number): Promise<void>;
  /** The same in this turn, for the exit of the process; creates the file if it is missing. */
  writeSync(path: string, bytes: Uint8Array, position: number): void;
  /** Replaces a file by a compressed one, with `.gz` behind its name. A kill leaves at least one of them whole. */
  compress(path: string): Promise<void>;
  list(directory: string): Promise<readonly StoredFile[]>;
  remove(path: string): Promise<void>;
}

/** A recording contains no secrets, but other users of the machine have no reason to read it. */
const FILE_MODE = 0o600;

/** A file that is being compressed. */
export const TEMPORARY = '.tmp';

async function withFile(
  path: string,
  flags: number,
  use: (file: Awaited<ReturnType<typeof open>>) => Promise<void>,
): Promise<void> {
  const file = await open(path, flags, FILE_MODE);
  try {
    await use(file);
  } finally {
    await file.close();
  }
}

/** The files on the disk. */
export const diskFiles: RecordingFiles = {
  async create(path) {
    await mkdir(dirname(path), { recursive: true });
    await withFile(path, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY, async () => undefined);
  },
  // Opened for each batch: what is written to a file that was deleted would be lost without a word.
  write: (path, bytes, position) =>
    withFile(path, constants.O_WRONLY | constants.O_NOFOLLOW, async (file) => {
      for (let done = 0; done < bytes.length;) {
        const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
        done += bytesWritten;
      }
    }),
  writeSync(path, bytes, position) {
    mkdirSync(dirname(path), { recursive: true });
    const file = openSync(path, constants.O_CREAT | constants.O_WRONLY | constants.O_NOFOLLOW, FILE_MODE);
    try {
      for (let done = 0; done < bytes.length;)
        done += writeSync(file, bytes, done, bytes.length - done, position + done);
    } finally {
      closeSync(file);
    }
  },
  async compress(path) {
    const temporary = `${path}.gz${TEMPORARY}`;
    const source = await open(path);
    try {
      const target = await open(temporary, 'w', FILE_MODE);
      const stream: WriteStream = target.createWriteStream();
      await pipeline(source.createReadStream({ autoClose: false }), createGzip(), stream);
      await rename(temporary, `${path}.gz`);
      await rm(path);
    } catch (cause) {
      await rm(temporary, { force: true });
      throw cause;
    } finally {
      await source.close();
    }
  },
  async list(directory) {
    const names = await readdir(directory);
    const files = await Promise.all(
      names.map(async (name): Promise<StoredFile | null> => {
        try {
          const stats = await stat(join(directory, name));
          return stats.isFile() ? { name, bytes: stats.size, modifiedAt: stats.mtimeMs } : null;
        } catch (cause) {
          // Another process has deleted it meanwhile.
          if (isMissing(cause)) return null;
          throw cause;
        }
      }),
    );
    return files.filter((file) => file !== null);
  },
  remove: (path) => rm(path, { force: true }),
};
