/** One worker thread, as the manager's thread sees it: its messages in both directions, and how it ends. */
import type { Worker } from 'node:worker_threads';
import type { Clock } from '../../../clock.ts';
import type { MessageWatch } from '../../../connection/message-watch.ts';
import { GatewayError } from '../../../protocol/errors.ts';
import { handlerByType } from '../../../protocol/handler-table.ts';
import { sendChannel } from '../../../protocol/telemetry.ts';
import { DispatchBatchReader } from '../wire/dispatch-batch.ts';
import type { FromThread, OrderedMessage, ShardMessage, ThreadOptions, ToThread } from '../wire/messages.ts';
import { createWorker } from './create-worker.ts';
import { Watchdog } from './watchdog.ts';

/** Receives the messages of one shard in the thread. */
export interface ThreadClient {
  readonly key: number;
  onMessage(message: ShardMessage): void;
  /** @param packet - valid until this returns */
  readonly onDispatch: (packet: Buffer, sequence: number | null, now: number) => void;
  readonly listenerWatch: MessageWatch;
  /** Called with a dispatch that an earlier process received. */
  readonly onRestored: (packet: Buffer, sequence: number | null) => void;
  /** Called with a frame of the snapshot of the shard. */
  onChange(frame: Buffer): void;
  /** Called after the messages of a batch, so that an event and the response to its call are seen together. */
  readonly onBatchEnd: () => void;
}

export interface WorkerThreadOptions {
  /** The name that errors and debuggers show. */
  readonly name: string;
  /** The file that the thread runs; `null` for that of this package. */
  readonly threadUrl: URL | null;
  readonly threadOptions: ThreadOptions;
  readonly clock: Clock;
  /** How long the thread may take to answer. */
  readonly timeoutMs: number;
  /** How long the thread may take to exit after `shutdown()`. */
  readonly shutdownTimeoutMs: number;
  /** How long to wait before the thread is started. */
  readonly delayMs: number;
  onStarted(): void;
  /** Called when the thread has ended without `shutdown()`. */
  onDied(error: GatewayError): void;
}

type WorkerThreadState =
  | { readonly phase: 'delayed'; readonly timer: unknown; readonly queued: ToThread[] }
  | { readonly phase: 'running'; readonly worker: Worker }
  | { readonly phase: 'shuttingDown'; readonly timer: unknown; readonly worker: Worker }
  | { readonly phase: 'exited' };

interface ExitCause {
  readonly what: string;
  readonly cause?: unknown;
}

export class WorkerThread {
  readonly #options: WorkerThreadOptions;
  readonly #clients = new Map<number, ThreadClient>();
  readonly #watchdog: Watchdog;
  #areSendsObserved = false;
  readonly #exited = Promise.withResolvers<void>();
  #state: WorkerThreadState;
  #exitCause: ExitCause | null = null;

  constructor(options: WorkerThreadOptions) {
    const { clock, timeoutMs, delayMs } = options;
    this.#options = options;
    this.#watchdog = new Watchdog({
      clock,
      timeoutMs,
      ping: () => this.post({ type: 'ping' }),
      onSilence: (silentMs) => this.#abandon({ what: `did not answer for ${silentMs / 1000} s` }),
    });
    this.#state = { phase: 'delayed', timer: null, queued: [] };
    if (delayMs === 0) this.#start();
    else this.#state = { ...this.#state, timer: clock.setTimeout(() => this.#start(), delayMs) };
  }

  /** Resolves when the thread has ended. */
  get exited(): Promise<void> {
    return this.#exited.promise;
  }

  post(message: ToThread): void {
    if (this.#state.phase === 'delayed') return void this.#state.queued.push(message);
    if (this.#state.phase === 'exited') return;
    if (message.type === 'request') this.#observeSends(this.#state.worker);
    this.#state.worker.postMessage(message, []);
  }

  /** Whether somebody listens is not reported, so it is read before each call of a shard. */
  #observeSends(worker: Worker): void {
    if (this.#areSendsObserved || !sendChannel.hasSubscribers) return;
    this.#areSendsObserved = true;
    worker.postMessage({ type: 'observeSends' } satisfies ToThread, []);
  }

  add(client: ThreadClient): void {
    this.#clients.set(client.key, client);
  }

  remove(client: ThreadClient): void {
    this.#clients.delete(client.key);
  }

  /** Lets the thread finish what it was sent, then ends it. */
  shutdown(): void {
    const state = this.#state;
    const { clock, shutdownTimeoutMs } = this.#options;
    if (state.phase === 'delayed') {
      clock.clearTimeout(state.timer);
      this.#state = { phase: 'exited' };
      this.#exited.resolve();
    } else if (state.phase === 'running') {
      const { worker } = state;
      this.#watchdog.stop();
      this.post({ type: 'shutdown' });
      const timer = clock.setTimeout(() => void worker.terminate(), shutdownTimeoutMs);
      this.#state = { phase: 'shuttingDown', timer, worker };
    }
  }

  #start(): void {
    const queued = this.#state.phase === 'delayed' ? this.#state.queued : [];
    let worker: Worker;
    try {
      worker = createWorker(this.#options.threadUrl, this.#options.name);
    } catch (cause) {
      return this.#onNotCreated(cause);
    }
    worker.on('message', (message: FromThread) => this.#onMessage(message));
    worker.on('messageerror', (cause) =>
      this.#abandon({ what: 'sent a message that could not be deserialized', cause }),
    );
    worker.on('error', (cause) => {
      this.#exitCause ??= { what: 'threw', cause };
    });
    worker.on('exit', (code) => this.#onExit(worker, code));
    this.#state = { phase: 'running', worker };
    // The token goes by message: code in the thread can read its `workerData`.
    this.post({ type: 'init', options: this.#options.threadOptions });
    for (const message of queued) this.post(message);
    this.#watchdog.start();
  }

  /** Later, as for a thread that ends: the caller of the constructor does not know this thread yet. */
  #onNotCreated(cause: unknown): void {
    this.#state = { phase: 'exited' };
    this.#exited.resolve();
    this.#exitCause = { what: 'could not be created', cause };
    queueMicrotask(() => this.#reportDeath());
  }

  /** An error of our own must not end the process, so it ends the thread: its shards resume in another. */
  #onMessage(message: FromThread): void {
    this.#watchdog.touch();
    try {
      this.#handle(message);
    } catch (cause) {
      this.#abandon({ what: 'sent a message that could not be processed', cause });
    }
  }

  readonly #handle = handlerByType<FromThread>({
    started: () => {
      this.#watchdog.onThreadStarted();
      this.#options.onStarted();
    },
    pong: () => undefined,
    batch: (batch) => {
      this.#processBatch(batch);
      this.post({ type: 'batchAck' });
    },
    // As if the shard had sent it in this thread.
    sendTelemetry: ({ telemetry }) => sendChannel.publish(telemetry),
    ended: () => this.#terminate(),
  });

  /** Passes on what a batch holds, in the order in which the thread sent it: messages come between dispatches. */
  #processBatch({ bytes, messages: text }: Extract<FromThread, { type: 'batch' }>): void {
    const reader = new DispatchBatchReader(bytes);
    const messages = JSON.parse(text) as readonly OrderedMessage[];
    const { clock } = this.#options;
    let now = clock.now();
    let nextMessage = 0;
    for (let count = 0; ; count += 1) {
      for (
        let message = messages[nextMessage];
        message !== undefined && message.after <= count;
        message = messages[nextMessage]
      ) {
        nextMessage += 1;
        this.#clients.get(message.key)?.onMessage(message);
        now = clock.now();
      }
      const packet = reader.next();
      if (packet === null) break;
      const client = this.#clients.get(reader.key);
      if (client === undefined) continue;
      const startedAt = now;
      client.listenerWatch.startMessage();
      if (reader.kind === 'dispatch') client.onDispatch(packet, reader.sequence, startedAt);
      else if (reader.kind === 'restored') client.onRestored(packet, reader.sequence);
      else client.onChange(packet);
      // One read for each: the end of a dispatch is the begin of the next.
      now = clock.now();
      if (now - startedAt >= client.listenerWatch.limitMs) client.listenerWatch.endSlowMessage(startedAt, now);
    }
    for (const key of new Set(messages.map((message) => message.key))) this.#clients.get(key)?.onBatchEnd();
  }

  #abandon(cause: ExitCause): void {
    this.#exitCause ??= cause;
    this.#terminate();
  }

  #terminate(): void {
    if ('worker' in this.#state) void this.#state.worker.terminate();
  }

  #onExit(worker: Worker, code: number): void {
    const state = this.#state;
    this.#state = { phase: 'exited' };
    this.#watchdog.stop();
    worker.removeAllListeners();
    this.#exited.resolve();
    if (state.phase === 'shuttingDown') return this.#options.clock.clearTimeout(state.timer);
    this.#exitCause ??= { what: `ended with code ${code}` };
    this.#reportDeath();
  }

  #reportDeath(): void {
    const { what, cause } = this.#exitCause ?? { what: 'ended' };
    const message = `thread ${this.#options.name} ${what}; it had ${this.#clients.size} shards`;
    this.#options.onDied(new GatewayError('WORKER_FAILED', message, cause === undefined ? {} : { cause }));
  }
}
