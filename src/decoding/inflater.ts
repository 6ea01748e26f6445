/**
 * One decompression context of a connection. Two ways to run it: synchronously on the native handle behind
 * `node:zlib`'s streams, which is what a gateway client wants, and through the public asynchronous stream, for a
 * Node whose handle does not behave as expected.
 */
import { createInflate, createZstdDecompress } from 'node:zlib';
import type { Inflate, ZstdDecompress } from 'node:zlib';
import { StreamEndedError, NativeInflater, TooLargeError, acquireScratch, releaseScratch } from './native-inflater.ts';
import type { StreamKind } from './native-inflater.ts';

export interface InflaterSink {
  /** Output of one `write`; `ends` as it was given. Only valid during the call. */
  output(bytes: Buffer, endsMessage: boolean): void;
  failed(cause: Error): void;
}

export interface Inflater {
  write(input: Buffer, endsMessage: boolean): void;
  /** Calls back when everything written before has been given out. */
  flush(done: () => void): void;
  /** Nothing is given out afterwards. Idempotent. */
  close(): void;
}

const asError = (cause: unknown): Error => (cause instanceof Error ? cause : new Error(String(cause)));

/** Synchronous: output comes within the `write` it is the output of. */
export class SyncInflater implements Inflater {
  readonly #sink: InflaterSink;
  readonly #maxBytes: number;
  readonly #native: NativeInflater;

  constructor(kind: StreamKind, sink: InflaterSink, maxBytes: number) {
    this.#sink = sink;
    this.#maxBytes = maxBytes;
    this.#native = new NativeInflater(kind);
  }

  write(input: Buffer, endsMessage: boolean): void {
    if (this.#native.isClosed) return;
    const scratch = acquireScratch();
    try {
      const output = this.#inflate(input, scratch);
      if (output !== null) this.#sink.output(output, endsMessage);
    } finally {
      releaseScratch(scratch);
    }
  }

  flush(done: () => void): void {
    done();
  }

  close(): void {
    this.#native.close();
  }

  #inflate(input: Buffer, scratch: Buffer): Buffer | null {
    try {
      return this.#native.inflate(input, scratch, this.#maxBytes);
    } catch (cause) {
      this.close();
      this.#sink.failed(asError(cause));
      return null;
    }
  }
}

interface Write {
  input: Buffer;
  endsMessage: boolean;
}

export class StreamInflater implements Inflater {
  readonly #sink: InflaterSink;
  readonly #stream: Inflate | ZstdDecompress;
  /** What to do, in order: writes, and who wants to know when it is their turn. */
  #tasks: (Write | (() => void))[] = [];
  /** One write is under way at a time: only so is it known which output is whose. */
  #isBusy = false;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #closed = false;

  constructor(kind: StreamKind, sink: InflaterSink, maxBytes: number) {
    this.#sink = sink;
    this.#stream = kind === 'zlib' ? createInflate() : createZstdDecompress();
    this.#stream.on('error', (cause) => this.#fail(cause));
    this.#stream.on('end', () => this.#fail(new StreamEndedError()));
    this.#stream.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#bytes += chunk.length;
      if (this.#bytes > maxBytes) this.#fail(new TooLargeError(maxBytes));
    });
  }

  write(input: Buffer, endsMessage: boolean): void {
    if (this.#closed) return;
    this.#tasks.push({ input, endsMessage });
    this.#runTasks();
  }

  flush(done: () => void): void {
    this.#tasks.push(done);
    this.#runTasks();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stream.close();
    this.#isBusy = false;
    this.#runTasks();
  }

  /** What a task throws keeps nobody else from their turn. */
  #runTasks(): void {
    let thrown: { error: unknown } | null = null;
    while (!this.#isBusy) {
      const task = this.#tasks.shift();
      if (task === undefined) break;
      try {
        if (typeof task === 'function') task();
        else if (!this.#closed) this.#inflate(task);
      } catch (error) {
        thrown ??= { error };
      }
    }
    if (thrown !== null) throw thrown.error;
  }

  #inflate({ input, endsMessage }: Write): void {
    this.#isBusy = true;
    // The stream calls back when it has pushed all output of this input; listeners see it by the next turn.
    this.#stream.write(input, () => setImmediate(() => this.#emitOutput(endsMessage)));
  }

  #emitOutput(endsMessage: boolean): void {
    if (this.#closed) return;
    const output = Buffer.concat(this.#chunks);
    this.#chunks = [];
    this.#bytes = 0;
    try {
      this.#sink.output(output, endsMessage);
    } finally {
      this.#isBusy = false;
      this.#runTasks();
    }
  }

  #fail(cause: Error): void {
    if (this.#closed) return;
    // The fault comes before those who wait for what was written: for them it is part of it.
    this.#closed = true;
    this.#stream.close();
    this.#sink.failed(cause);
    this.#isBusy = false;
    this.#runTasks();
  }
}
