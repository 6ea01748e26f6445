/** The process of a consumer: it handles each dispatch at once, and notes when. */
import { DispatchConsumer } from '../../src/index.ts';
import { redisEngine } from '../../src/redis/index.ts';
import { serve } from '../rpc.ts';
import { sharedNow } from '../server/packets.ts';
import type { EngineSetup } from './rig.ts';

export interface ConsumerSetup {
  readonly engine: EngineSetup;
  readonly from: 'start' | 'end';
}

export interface ExpectedDeliveries {
  readonly shards: number;
  /** The first sequence that counts, and how many of each shard do. */
  readonly first: number;
  readonly perShard: number;
}

export interface Consumed {
  /** User and system time, in µs. */
  readonly cpuUs: number;
  /** From the first handler to the last, in ms. */
  readonly wallMs: number;
  /** When each was handled on the shared clock: all of the first sequence by shard, then the next. */
  readonly handledAt: Float64Array;
}

const EVENTS = ['MESSAGE_CREATE', 'PRESENCE_UPDATE', 'TYPING_START', 'GUILD_CREATE'] as const;

class DeliveryCounter {
  readonly #expected: ExpectedDeliveries;
  readonly #handledAt: Float64Array;
  readonly #done = Promise.withResolvers<Consumed>();
  #startedCpu = process.cpuUsage();
  #firstAt = 0;
  #count = 0;

  constructor(expected: ExpectedDeliveries) {
    this.#expected = expected;
    this.#handledAt = new Float64Array(expected.shards * expected.perShard);
  }

  get result(): Promise<Consumed> {
    return this.#done.promise;
  }

  record(shardId: number, sequence: number): void {
    const { first, perShard, shards } = this.#expected;
    if (sequence < first || sequence >= first + perShard) return;
    const index = (sequence - first) * shards + shardId;
    const at = sharedNow();
    // An entry that is delivered again counts once.
    if (this.#handledAt[index] !== 0) return;
    if (this.#count === 0) {
      this.#firstAt = at;
      this.#startedCpu = process.cpuUsage();
    }
    this.#handledAt[index] = at;
    this.#count += 1;
    if (this.#count < this.#handledAt.length) return;
    const { user, system } = process.cpuUsage(this.#startedCpu);
    this.#done.resolve({ cpuUs: user + system, wallMs: at - this.#firstAt, handledAt: this.#handledAt });
  }
}

let counter: DeliveryCounter | null = null;

const procedures = {
  arm: (expected: ExpectedDeliveries): void => {
    globalThis.gc?.();
    counter = new DeliveryCounter(expected);
  },
  start: async ({ engine, from }: ConsumerSetup): Promise<void> => {
    const consumer = new DispatchConsumer({ engine: redisEngine(engine), group: 'bench', from });
    for (const event of EVENTS)
      consumer.onDispatch(event, (_data: unknown, { shardId, dispatch }) => counter?.record(shardId, dispatch.s));
    await consumer.start();
  },
  consumed: async (): Promise<Consumed> => {
    if (counter === null) throw new Error('call arm first');
    return counter.result;
  },
};

export type ConsumerProcedures = typeof procedures;

serve(procedures);
