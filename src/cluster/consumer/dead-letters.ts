/** The dead letters of a group, page by page. */
import { GatewayError } from '../../protocol/errors.ts';
import type { DeadLetter, DispatchLog } from '../ports/dispatch-log.ts';
import type { DeadDelivery, Delivery } from './delivery.ts';
import { StreamEntry } from './stream-entry.ts';
import type { EntryOwner } from './stream-entry.ts';

const PAGE = 100;

/** Where each dead letter stands. */
const positions = new WeakMap<Delivery, string>();

export class DeadLetters {
  readonly #log: DispatchLog;
  readonly #group: string;

  constructor(log: DispatchLog, group: string) {
    this.#log = log;
    this.#group = group;
  }

  async *read(): AsyncGenerator<DeadDelivery, void, undefined> {
    let after: string | null = null;
    for (;;) {
      const page: readonly DeadLetter[] = await this.#log.deadLetters(this.#group, { after, count: PAGE });
      for (const letter of page) yield this.#toDelivery(letter);
      after = page.at(-1)?.position ?? null;
      if (page.length < PAGE) return;
    }
  }

  async redeliver(delivery: Delivery): Promise<void> {
    const position = positions.get(delivery);
    if (position === undefined)
      throw new GatewayError('INVALID_OPTIONS', 'redeliver() must be called with a delivery of deadLetters()');
    await this.#log.redeliver(this.#group, position);
  }

  #toDelivery({ position, dispatch: logged, error }: DeadLetter): DeadDelivery {
    const { id, shardId, dispatch, attempt } = new StreamEntry(ownerOf(logged.shardId), logged, { isClaimed: false });
    const delivery: DeadDelivery = {
      id,
      shardId,
      dispatch,
      attempt,
      error,
      ack: () => Promise.resolve(),
      nack: () => this.redeliver(delivery),
    };
    positions.set(delivery, position);
    return delivery;
  }
}

/** Nothing is asked of it: the engine counts a dead letter as acknowledged. */
const ownerOf = (shardId: number): EntryOwner => ({
  shardId,
  mayBegin: false,
  count: () => Promise.resolve(false),
  settle: () => Promise.resolve(),
  fail: () => null,
  onCallEnd: () => undefined,
});
