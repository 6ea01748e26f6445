/** One thread, from this side: what is said to it, what it says, and how it ends. */
import { Worker } from 'node:worker_threads';
import type { Clock } from '../../../clock.ts';
import { GatewayError } from '../../../protocol/errors.ts';
import type { ThreadOptions, FromThread, ShardMessage, ToThread } from '../wire/messages.ts';
import { DispatchBatchReader } from '../wire/dispatch-batch.ts';
import { Watchdog } from './watchdog.ts';

const ENTRY = new URL('../thread/entry.js', import.meta.url);
// In the sources there is no JavaScript.
if (import.meta.url.endsWith('.ts')) ENTRY.pathname = ENTRY.pathname.replace(/js$/, 'ts');

/** A shard that lives in it. */
export interface ThreadClient {
  readonly key: number;
  receive(message: ShardMessage): void;
  /** @param packet - good until this returns */
  receiveDispatch(packet: Buffer, sequence: number | null, now: number): void;
  /** All is told that belongs together. */
  onBatchEnd(): void;
}

export interface WorkerThreadOptions {
  /** As it is called in errors and by debuggers. */
  readonly name: string;
  readonly threadOptions: ThreadOptions;
  readonly clock: Clock;
  /** How long it may not answer. */
  readonly timeoutMs: number;
  /** How long it may take to end by itself. */
  readonly shutdownTimeoutMs: number;
  /** Before it begins. */
  readonly delayMs: number;
  onStarted(): void;
  /** It has ended, and was not to. */
  onDied(error: GatewayError): void;
}

export class WorkerThread {
  readonly #options: WorkerThreadOptions;
  readonly #clients = new Map<number, ThreadClient>();
  readonly #watchdog: Watchdog;
  readonly #exited = Promise.withResolvers<void>();
  /** What is said before it runs. */
  readonly #queued: ToThread[] = [];
  #worker: Worker | null = null;
  #timer: unknown;
  #isShuttingDown = false;
  /** Why it ends. */
  #exitCause: { readonly what: string; readonly cause?: unknown } | null = null;

  constructor(options: WorkerThreadOptions) {
    const { clock, timeoutMs, delayMs } = options;
    this.#options = options;
    this.#watchdog = new Watchdog({
      clock,
      timeoutMs,
      ping: () => this.post({ type: 'ping' }),
      onSilence: (silentMs) => this.#abandon({ what: `did not answer for ${silentMs / 1000} s` }),
    });
    if (delayMs === 0) this.#start();
    else this.#timer = clock.setTimeout(() => this.#start(), delayMs);
  }

  /** Settles when it is no more. */
  get exited(): Promise<void> {
    return this.#exited.promise;
  }

  post(message: ToThread): void {
    if (this.#worker === null) this.#queued.push(message);
    else this.#worker.postMessage(message, []);
  }

  add(client: ThreadClient): void {
    this.#clients.set(client.key, client);
  }

  remove(client: ThreadClient): void {
    this.#clients.delete(client.key);
  }

  /** Lets it go, once it has done what it was told. */
  shutdown(): void {
    if (this.#isShuttingDown) return;
    this.#isShuttingDown = true;
    this.#watchdog.stop();
    const { clock, shutdownTimeoutMs } = this.#options;
    clock.clearTimeout(this.#timer);
    if (this.#worker === null) return this.#exited.resolve();
    this.post({ type: 'shutdown' });
    this.#timer = clock.setTimeout(() => void this.#worker?.terminate(), shutdownTimeoutMs);
  }

  #start(): void {
    // The token goes by message: what a thread is made with can be read in it by everybody.
    const worker = new Worker(ENTRY, { name: this.#options.name });
    worker.on('message', (message: FromThread) => this.#onMessage(message));
    worker.on('messageerror', (cause) => this.#abandon({ what: 'said what could not be read', cause }));
    worker.on('error', (cause) => {
      this.#exitCause ??= { what: 'threw', cause };
    });
    worker.on('exit', (code) => this.#onExit(code));
    this.#worker = worker;
    this.post({ type: 'init', options: this.#options.threadOptions });
    for (const message of this.#queued) this.post(message);
    this.#queued.length = 0;
    this.#watchdog.start();
  }

  #onMessage(message: FromThread): void {
    this.#watchdog.touch();
    (this.#handlers[message.type] as (message: FromThread) => void)(message);
  }

  readonly #handlers: { [Type in FromThread['type']]: (message: Extract<FromThread, { type: Type }>) => void } = {
    started: () => {
      this.#watchdog.onThreadStarted();
      this.#options.onStarted();
    },
    pong: () => undefined,
    batch: (batch) => {
      this.#processBatch(batch);
      this.post({ type: 'batchAck' });
    },
    ended: () => void this.#worker?.terminate(),
  };

  /** In the order it was said: tellings come between the dispatches. */
  #processBatch({ bytes, messages }: Extract<FromThread, { type: 'batch' }>): void {
    const reader = new DispatchBatchReader(bytes);
    const now = this.#options.clock.now();
    let nextMessage = 0;
    for (let count = 0; ; count += 1) {
      for (
        let message = messages[nextMessage];
        message !== undefined && message.after <= count;
        message = messages[nextMessage]
      ) {
        nextMessage += 1;
        this.#clients.get(message.key)?.receive(message);
      }
      const packet = reader.next();
      if (packet === null) break;
      this.#clients.get(reader.key)?.receiveDispatch(packet, reader.sequence, now);
    }
    for (const key of new Set(messages.map((message) => message.key))) this.#clients.get(key)?.onBatchEnd();
  }

  /** Gives it up. */
  #abandon(cause: { readonly what: string; readonly cause?: unknown }): void {
    this.#exitCause ??= cause;
    void this.#worker?.terminate();
  }

  #onExit(code: number): void {
    this.#watchdog.stop();
    this.#options.clock.clearTimeout(this.#timer);
    this.#worker?.removeAllListeners();
    this.#exited.resolve();
    if (this.#isShuttingDown) return;
    this.#isShuttingDown = true;
    const { what, cause } = this.#exitCause ?? { what: `ended with code ${code}` };
    const message = `thread ${this.#options.name} ${what}; it had ${this.#clients.size} shards`;
    this.#options.onDied(new GatewayError('WORKER_FAILED', message, cause === undefined ? {} : { cause }));
  }
}
