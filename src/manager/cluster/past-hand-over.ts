/**
 * What was delivered during the last hand-over of a cluster. A node that ends right after it may not have delivered what
 * its new shards had kept. Who takes these over gets it again, and with it events that the old shards had delivered.
 */
import type { Clock } from '../../clock.ts';
import type { HandOverRecord } from '../../cluster/node/node-host.ts';
import type { Dispatch } from '../../protocol/packets.ts';
import { DeliveryRecord } from '../reshard/delivery-record.ts';
import type { BufferedSession } from '../reshard/session-buffer.ts';

interface PastHandOverOptions extends HandOverRecord {
  readonly clock: Clock;
  /** The shards of this node, which has compared what they kept. */
  readonly own: readonly BufferedSession[];
}

export class PastHandOver {
  readonly #record: DeliveryRecord;
  readonly #own: ReadonlySet<BufferedSession>;
  readonly #clock: Clock;
  readonly #until: number;

  constructor({ clock, lastsMs, digests, own }: PastHandOverOptions) {
    this.#record = new DeliveryRecord(digests);
    this.#own = new Set(own);
    this.#clock = clock;
    this.#until = clock.now() + lastsMs;
  }

  /** Returns whether a dispatch of a shard that was taken over since was delivered by the old shards. */
  wasDelivered(entry: BufferedSession, dispatch: Dispatch): boolean {
    if (this.#own.has(entry) || this.#clock.now() > this.#until) return false;
    return this.#record.take(dispatch);
  }
}
