/** A dispatch as a consumer gets it. */
import type { AnyEventName, Dispatch } from '../../protocol/packets.ts';

/** Options of `Delivery.nack()`. */
export interface NackOptions {
  /**
   * How long to wait before the dispatch is delivered again, in ms.
   * @defaultValue a wait that doubles with each attempt, from 1 s to 60 s
   */
  delayMs?: number;
}

/** One dispatch of a stream, delivered to one consumer of the group. */
export interface Delivery<T extends string = AnyEventName> {
  /**
   * The session, the shard and the sequence, as `SESSION/SHARD/SEQUENCE`. It is the same at each delivery. Remember it
   * where handling something twice would do harm.
   */
  readonly id: string;
  readonly shardId: number;
  readonly dispatch: Dispatch<T>;
  /** 1 at the first delivery. */
  readonly attempt: number;
  /** Acknowledges it: it is not delivered again. Rejects with `FENCED` if another consumer has the shard by now. */
  ack(): Promise<void>;
  /**
   * Asks for it again, or for its move to the dead letters after `maxDeliveries`. Rejects with `FENCED` as `ack()` does.
   */
  nack(options?: NackOptions): Promise<void>;
}

/**
 * A dispatch that failed `maxDeliveries` times. It counts as acknowledged already: `ack()` does nothing, and `nack()`
 * delivers it again, as `DispatchConsumer.redeliver()` does.
 */
export type DeadDelivery = Delivery & {
  /** Why the last attempt failed. */
  readonly error: string;
};

/** How far a group has come. */
export interface ConsumerStatus {
  /** Each shard of the bot, by id. */
  readonly shards: readonly {
    readonly shardId: number;
    /** Delivered and not acknowledged. */
    readonly pending: number;
    /** Not delivered yet. */
    readonly lag: number;
  }[];
  readonly deadLetters: number;
}
