/**
 * Writes lines into segments: in batches, off the path of the shard, within a number of bytes. A disk that is full or
 * gone is reported once. Then lines are dropped and counted, and the next attempt is made now and then.
 */
import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import { messageOf } from '../protocol/network-errors.ts';
import { codeOf } from '../session/small-file.ts';
import { parseSegmentName, segmentName } from './format/segment-name.ts';
import { TEMPORARY } from './recording-files.ts';
import type { RecordingFiles } from './recording-files.ts';
import { Segment } from './segment.ts';

/** A segment is this part of `maxBytes`, so that deleting the oldest forgets little. */
const SEGMENTS = 8;
const MAX_SEGMENT_BYTES = 4 * 1024 * 1024;
/** What may wait for a disk that does not take it. */
const MAX_WAITING_BYTES = 1024 * 1024;
const RETRY_AFTER_MS = { first: 1_000, max: 30_000 } as const;
/** A disk at its limit would otherwise be reported whenever a file is deleted. */
const REPORT_EVERY_MS = 3_600_000;
/** How old a file must be to be deleted that was being compressed. */
const ABANDONED_AFTER_MS = 600_000;

/** What was not written. */
export interface DroppedLines {
  readonly records: number;
  readonly forMs: number;
  readonly reason: string;
}

export interface SegmentWriterOptions {
  readonly directory: string;
  readonly maxBytes: number;
  readonly run: string;
  readonly files: RecordingFiles;
  readonly clock: Clock;
  /** Returns the first line of a segment that begins now. */
  readonly header: (segment: number) => string;
  /** Returns the line that says what was dropped, once lines are written again. */
  readonly droppedLine: (dropped: DroppedLines) => string;
  /** Called when lines can't be written, at most once an hour. */
  readonly onProblem: (message: string) => void;
}

interface Outage {
  readonly since: number;
  readonly reason: string;
  retryAt: number;
  delayMs: number;
  dropped: number;
}

export class SegmentWriter {
  readonly #options: SegmentWriterOptions;
  readonly #segmentBytes: number;
  #number = 0;
  /** The segments that are not written completely, oldest first. The last one takes new lines. */
  #segments: Segment[] = [];
  #writing: Promise<void> = Promise.resolve();
  #queued: Promise<void> | null = null;
  #tidying: Promise<void> = Promise.resolve();
  /** The tidying before that: no more than one segment waits to be compressed. */
  #tidied: Promise<void> = Promise.resolve();
  #outage: Outage | null = null;
  #reportedAt: number | null = null;

  constructor(options: SegmentWriterOptions) {
    this.#options = options;
    this.#segmentBytes = Math.min(MAX_SEGMENT_BYTES, Math.floor(options.maxBytes / SEGMENTS));
  }

  add(line: string): void {
    if (this.#outage !== null && this.#waitingBytes > MAX_WAITING_BYTES) {
      this.#outage.dropped += 1;
      return;
    }
    let segment = this.#segments.at(-1);
    if (segment === undefined || segment.recordBytes >= this.#segmentBytes) segment = this.#openSegment();
    segment.add(line);
  }

  /** Resolves when everything added so far is on the disk, or can't be written now. */
  flush(): Promise<void> {
    // A flush that waits for its turn writes what is added until then.
    this.#queued ??= this.#writing.then(() => {
      this.#queued = null;
      this.#writing = this.#writeAll();
      return this.#writing;
    });
    return this.#queued;
  }

  /** Writes everything in this turn, at the exit of the process. Never throws. */
  flushSync(): void {
    for (const segment of this.#segments) {
      const { rest } = segment;
      try {
        if (rest.length > 0) this.#options.files.writeSync(segment.path, rest, segment.position);
      } catch {
        // The disk is full or gone, and there is nobody left to tell.
      }
    }
  }

  /** Writes and compresses everything. */
  async close(): Promise<void> {
    await this.flush();
    const last = this.#segments.at(-1);
    if (last !== undefined && last.waitingBytes === 0) this.#tidy([last.path]);
    await this.#tidying;
  }

  get #waitingBytes(): number {
    return this.#segments.reduce((sum, { waitingBytes }) => sum + waitingBytes, 0);
  }

  #openSegment(): Segment {
    this.#number += 1;
    const { directory, run, header } = this.#options;
    const segment = new Segment(join(directory, segmentName(run, this.#number)), header(this.#number));
    this.#segments.push(segment);
    return segment;
  }

  /** Never rejects. */
  async #writeAll(): Promise<void> {
    if (this.#outage !== null && this.#options.clock.now() < this.#outage.retryAt) return;
    try {
      for (let segment = this.#nextSegment(); segment !== null; segment = this.#nextSegment())
        await this.#write(segment);
    } catch (cause) {
      this.#onFailed(cause);
    }
  }

  /** Returns a segment with lines to write. Segments that are complete are compressed. */
  #nextSegment(): Segment | null {
    const index = this.#segments.findIndex(({ waitingBytes }) => waitingBytes > 0);
    const complete = this.#segments.splice(0, index === -1 ? this.#segments.length - 1 : index);
    if (complete.length > 0) this.#tidy(complete.map(({ path }) => path));
    return index === -1 ? null : (this.#segments[0] ?? null);
  }

  async #write(segment: Segment): Promise<void> {
    const { files } = this.#options;
    if (!segment.isCreated) {
      await this.#tidied;
      await files.create(segment.path);
      segment.markCreated();
      this.#tidy([]);
    }
    const batch = segment.takeBatch();
    if (batch === null) return;
    await files.write(segment.path, batch, segment.position);
    segment.confirmBatch();
    this.#endOutage();
  }

  #onFailed(cause: unknown): void {
    const now = this.#options.clock.now();
    if (codeOf(cause) === 'ENOENT' || codeOf(cause) === 'EEXIST') this.#replaceSegments();
    if (this.#outage !== null) {
      this.#outage.delayMs = Math.min(RETRY_AFTER_MS.max, this.#outage.delayMs * 2);
      this.#outage.retryAt = now + this.#outage.delayMs;
      return;
    }
    const message = messageOf(cause);
    // Paths say too much about the machine for a recording that is shared.
    const reason = message.replaceAll(/ '[^']*'/g, '');
    this.#outage = {
      since: now,
      reason,
      retryAt: now + RETRY_AFTER_MS.first,
      delayMs: RETRY_AFTER_MS.first,
      dropped: 0,
    };
    if (this.#reportedAt !== null && now - this.#reportedAt < REPORT_EVERY_MS) return;
    this.#reportedAt = now;
    this.#options.onProblem(`the recording can't be written, the shards go on: ${message}`);
  }

  /** The file or its directory is gone. What was not written goes into a new segment, which can be read alone. */
  #replaceSegments(): void {
    const lines = this.#segments.flatMap(({ unwrittenLines }) => unwrittenLines);
    this.#segments = [];
    const segment = this.#openSegment();
    for (const line of lines) segment.add(line);
  }

  #endOutage(): void {
    if (this.#outage === null) return;
    const { since, reason, dropped } = this.#outage;
    this.#outage = null;
    if (dropped === 0) return;
    const forMs = this.#options.clock.now() - since;
    this.add(this.#options.droppedLine({ records: dropped, forMs, reason }));
  }

  /** Compresses segments, then deletes the oldest. Errors are not reported: the next segment is another attempt. */
  #tidy(complete: readonly string[]): void {
    const { files } = this.#options;
    this.#tidied = this.#tidying;
    this.#tidying = this.#tidying.then(async () => {
      try {
        for (const path of complete) await files.compress(path);
        await this.#prune();
      } catch {
        // A disk that is full or gone is noticed when lines are written.
      }
    });
  }

  /** Leaves room for the segment that is written, for the one that is compressed, and for its compressed form. */
  async #prune(): Promise<void> {
    const { directory, files, maxBytes, clock } = this.#options;
    const stored = await files.list(directory);
    for (const { name, modifiedAt } of stored)
      if (isAbandoned(name, clock.now() - modifiedAt)) await files.remove(join(directory, name));
    const segments = stored
      .filter(({ name }) => parseSegmentName(name) !== null)
      .toSorted((a, b) => (a.name < b.name ? 1 : -1));
    const current = new Set(this.#segments.map(({ path }) => path));
    let bytes = 3 * this.#segmentBytes;
    for (const { name, bytes: size } of segments) {
      const path = join(directory, name);
      if (current.has(path)) continue;
      bytes += size;
      if (bytes > maxBytes) await files.remove(path);
    }
  }
}

const isAbandoned = (name: string, ageMs: number): boolean =>
  name.endsWith(TEMPORARY) && parseSegmentName(name.slice(0, -TEMPORARY.length)) !== null && ageMs > ABANDONED_AFTER_MS;
