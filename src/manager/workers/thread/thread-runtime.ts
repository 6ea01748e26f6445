/** The inside of a worker thread: carries out the messages of the manager's thread for the shards in it. */
import { subscribe } from 'node:diagnostics_channel';
import type { MessagePort } from 'node:worker_threads';
import { setUnrefTimeout, systemClock } from '../../../clock.ts';
import { handlerByType } from '../../../protocol/handler-table.ts';
import { sendChannel } from '../../../protocol/telemetry.ts';
import type { SendTelemetry } from '../../../protocol/telemetry.ts';
import type { FromThread, ThreadOptions, ToThread } from '../wire/messages.ts';
import { MessageBatcher } from './message-batcher.ts';
import { PendingRequests } from './pending-requests.ts';
import { ThreadShard } from './thread-shard.ts';

/** Dispatches are counted for this long. */
const FLUSH_FRAMES_EVERY_MS = 1_000;

export class ThreadRuntime {
  readonly #port: MessagePort;
  readonly #requests = new PendingRequests();
  readonly #shards = new Map<number, ThreadShard>();
  /** By the id of the call. */
  readonly #abortControllers = new Map<number, AbortController>();
  readonly #batcher: MessageBatcher;
  #options: ThreadOptions | null = null;

  constructor(port: MessagePort) {
    this.#port = port;
    this.#batcher = new MessageBatcher({
      clock: systemClock,
      post: (message, transfer) => this.#post(message, transfer),
      onBeforePost: () => {
        for (const shard of this.#shards.values()) shard.sendStats();
      },
      onBackPressure: (full) => {
        for (const shard of this.#shards.values()) {
          if (full) shard.pauseReading('backPressure');
          else shard.resumeReading('backPressure');
        }
      },
      onRoom: () => {
        for (const shard of this.#shards.values()) shard.setBufferFull('backPressure', null);
      },
    });
    port.on('message', (message: ToThread) => this.#handle(message));
    this.#post({ type: 'started' });
  }

  readonly #handle = handlerByType<ToThread>({
    init: ({ options }) => {
      this.#options = options;
      this.#batcher.maxPendingBytes = options.maxBufferedBytes;
      if (options.isObservable) this.#flushFramesLater();
    },
    createShard: ({ key, config }) => {
      if (this.#options === null) return;
      this.#shards.set(
        key,
        new ThreadShard(key, config, { options: this.#options, batcher: this.#batcher, requests: this.#requests }),
      );
    },
    request: ({ key, id, method, args }) => {
      const shard = this.#shards.get(key);
      if (shard === undefined) return;
      const controller = new AbortController();
      this.#abortControllers.set(id, controller);
      void shard.call(id, method, args, controller.signal).finally(() => this.#abortControllers.delete(id));
    },
    abort: ({ id }) => this.#abortControllers.get(id)?.abort(),
    pauseReading: ({ key }) => this.#shards.get(key)?.pauseReading('manager'),
    resumeReading: ({ key }) => this.#shards.get(key)?.resumeReading('manager'),
    setBufferFull: ({ key, because }) => this.#shards.get(key)?.setBufferFull('manager', because),
    dropPresence: ({ key, presence }) => this.#shards.get(key)?.dropPresence(presence),
    enableRaw: ({ key }) => this.#shards.get(key)?.enableRaw(),
    observeFrames: ({ key }) => this.#shards.get(key)?.observeFrames(),
    observeSteps: ({ key }) => this.#shards.get(key)?.observeSteps(),
    forceClose: ({ key, code }) => this.#shards.get(key)?.forceClose(code),
    rewind: ({ key, sequence }) => this.#shards.get(key)?.rewind(sequence),
    disposeShard: ({ key }) => {
      this.#shards.get(key)?.dispose();
      this.#shards.delete(key);
    },
    response: (response) => this.#requests.settle(response),
    budgetSpent: (message) => this.#requests.notifyBudgetSpent(message),
    observeSends: () => subscribe(sendChannel.name, this.#forwardSend),
    batchAck: () => this.#batcher.acknowledge(),
    ping: () => this.#post({ type: 'pong' }),
    shutdown: () => this.#post({ type: 'ended' }),
  });

  readonly #forwardSend = (telemetry: unknown): void =>
    this.#post({ type: 'sendTelemetry', telemetry: telemetry as SendTelemetry });

  #flushFramesLater(): void {
    const flush = (): void => {
      for (const shard of this.#shards.values()) shard.flushFrames();
      this.#flushFramesLater();
    };
    setUnrefTimeout(systemClock, flush, FLUSH_FRAMES_EVERY_MS);
  }

  #post(message: FromThread, transfer: ArrayBuffer[] = []): void {
    this.#port.postMessage(message, transfer);
  }
}
