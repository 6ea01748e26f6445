/**
 * The decompression context of a connection, run in one of two ways. `SyncInflater` uses the native handle of
 * `node:zlib`, which is faster. `StreamInflater` uses the public asynchronous stream, for a Node whose handle does not
 * behave as expected.
 */
import * as zlib from 'node:zlib';
import type { Inflate, ZstdDecompress } from 'node:zlib';
import { StreamEndedError, NativeInflater, TooLargeError, acquireScratch, releaseScratch } from './native-inflater.ts';
import type { StreamKind } from './native-inflater.ts';

export interface InflaterSink {
  /** Receives the output of one `write`, with its `endsMessage`. The bytes are only valid during the call. */
  output(bytes: Buffer, endsMessage: boolean): void;
  failed(cause: Error): void;
}

export interface Inflater {
  write(input: Buffer, endsMessage: boolean): void;
  /** Calls `done` when the output of every write before has reached the sink. */
  flush(done: () => void): void;
  /** The sink receives nothing afterwards. Idempotent. */
  close(): void;
}

const asError = (cause: unknown): Error => (cause instanceof Error ? cause : new Error(String(cause)));

/** Inflates synchronously: the output comes while its `write` is running. */
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

/** Inflates with the public stream: the output comes in a later turn of the event loop. */
export class StreamInflater implements Inflater {
  readonly #sink: InflaterSink;
  readonly #stream: Inflate | ZstdDecompress;
  /** Writes and flush callbacks, in order. */
  #tasks: (Write | (() => void))[] = [];
  /** One write runs at a time. Otherwise the output could not be matched to its write. */
  #isBusy = false;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #closed = false;

  constructor(kind: StreamKind, sink: InflaterSink, maxBytes: number) {
    this.#sink = sink;
    this.#stream = kind === 'zlib' ? zlib.createInflate() : zlib.createZstdDecompress();
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

  /** Runs the tasks that are due. An error in one does not stop the others. */
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
    // The callback runs when the stream has pushed all output of this input; its listeners run by the next turn.
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
    // The fault comes before the flush callbacks, because it belongs to what was written before them.
    this.#closed = true;
    this.#stream.close();
    this.#sink.failed(cause);
    this.#isBusy = false;
    this.#runTasks();
  }
}
