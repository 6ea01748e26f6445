/**
 * Reads the lines of one segment, plain or compressed, which may be cut off anywhere: a process may be killed while it
 * writes, and a disk may be full. Everything before the cut is read.
 */
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { constants, createGunzip } from 'node:zlib';
import { MAX_LINE_LENGTH } from './lines.ts';

/** More than a recorder ever writes into one segment. A file that inflates to more is not one of its. */
const MAX_SEGMENT_BYTES = 1024 * 1024 * 1024;

const GZIP_MAGIC = Buffer.from([0x1f, 0x8b]);

/** Thrown for a file that is no segment, and after the readable part of one that is damaged. */
class SegmentError extends Error {
  override readonly name = 'SegmentError';
}

/** A truncated stream ends without an error, after everything that can be inflated. */
function inflated(source: Readable): Readable {
  const gunzip = createGunzip({ finishFlush: constants.Z_SYNC_FLUSH });
  source.on('error', (error) => gunzip.destroy(error));
  return source.pipe(gunzip);
}

/** Yields complete lines, and the rest after the last line break if there is one. @throws if the file can't be read on */
export async function* readLines(path: string): AsyncGenerator<string> {
  const file = await open(path);
  try {
    if (!(await file.stat()).isFile()) throw new SegmentError('it is not a regular file');
    const { buffer, bytesRead } = await file.read(Buffer.alloc(GZIP_MAGIC.length), 0, GZIP_MAGIC.length, 0);
    const source = file.createReadStream({ start: 0, autoClose: false });
    const isCompressed = bytesRead === GZIP_MAGIC.length && buffer.equals(GZIP_MAGIC);
    yield* splitLines(isCompressed ? inflated(source) : source);
  } finally {
    await file.close();
  }
}

async function* splitLines(chunks: AsyncIterable<unknown>): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  let size = 0;
  for await (const chunk of chunks) {
    const bytes = chunk as Buffer;
    size += bytes.length;
    if (size > MAX_SEGMENT_BYTES) throw new SegmentError(`it is larger than ${MAX_SEGMENT_BYTES} bytes`);
    const lines = (rest + decoder.write(bytes)).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
    if (rest.length > MAX_LINE_LENGTH) throw new SegmentError(`a line is longer than ${MAX_LINE_LENGTH} characters`);
  }
  if (rest !== '') yield rest;
}
