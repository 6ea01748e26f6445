/** The inside of a thread: does for the shards in it what the manager's thread says. */
import type { MessagePort } from 'node:worker_threads';
import { systemClock } from '../../clock.ts';
import { Desk } from './desk.ts';
import { HostedShard } from './hosted-shard.ts';
import type { CrossingOptions, FromThread, ToThread } from './messages.ts';
import { Outbox } from './outbox.ts';

type Handlers = { [Type in ToThread['type']]: (message: Extract<ToThread, { type: Type }>) => void };

export class ThreadHost {
  readonly #port: MessagePort;
  readonly #desk = new Desk();
  readonly #shards = new Map<number, HostedShard>();
  /** By call. */
  readonly #aborts = new Map<number, AbortController>();
  readonly #outbox: Outbox;
  #options: CrossingOptions | null = null;

  constructor(port: MessagePort) {
    this.#port = port;
    this.#outbox = new Outbox({
      clock: systemClock,
      post: (message, transfer) => this.#post(message, transfer),
      complete: () => {
        for (const shard of this.#shards.values()) shard.tellVitals();
      },
      onPressure: (full) => {
        for (const shard of this.#shards.values()) {
          if (full) shard.hold('port');
          else shard.release('port');
        }
      },
    });
    port.on('message', (message: ToThread) => (this.#handlers[message.type] as (message: ToThread) => void)(message));
    this.#post({ type: 'started' });
  }

  readonly #handlers: Handlers = {
    begin: ({ options }) => {
      this.#options = options;
    },
    create: ({ key, order }) => {
      if (this.#options === null) return;
      this.#shards.set(key, new HostedShard(key, order, { options: this.#options, outbox: this.#outbox, desk: this.#desk }));
    },
    call: ({ key, id, method, args }) => {
      const abort = new AbortController();
      this.#aborts.set(id, abort);
      void this.#shards.get(key)?.call(id, method, args, abort.signal).finally(() => this.#aborts.delete(id));
    },
    abort: ({ id }) => this.#aborts.get(id)?.abort(),
    pause: ({ key }) => this.#shards.get(key)?.hold('manager'),
    resume: ({ key }) => this.#shards.get(key)?.release('manager'),
    hearRaw: ({ key }) => this.#shards.get(key)?.hearRaw(),
    forceClose: ({ key, code }) => this.#shards.get(key)?.forceClose(code),
    rewind: ({ key, sequence }) => this.#shards.get(key)?.rewind(sequence),
    drop: ({ key }) => {
      this.#shards.get(key)?.drop();
      this.#shards.delete(key);
    },
    answer: (answer) => this.#desk.answer(answer),
    budgetSpent: (told) => this.#desk.budgetSpent(told),
    taken: () => this.#outbox.taken(),
    ping: () => this.#post({ type: 'pong' }),
    end: () => this.#post({ type: 'ended' }),
  };

  #post(message: FromThread, transfer: ArrayBuffer[] = []): void {
    this.#port.postMessage(message, transfer);
  }
}
