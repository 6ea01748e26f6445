/** Counts what the gateway has sent, what is in the streams, and what the consumer has got. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine } from '../../../index.ts';
import { DeliveryCounter, sumCounts } from '../delivery-counter.ts';
import type { DeliveryCounts } from '../delivery-counter.ts';
import { startDemoConsumer } from './demo-consumer.ts';
import type { Delivered } from './messages.ts';

const LOOK_EVERY_MS = 50;

/** What is in the streams. */
export interface StreamCounts {
  /** Each dispatch once. */
  readonly stored: number;
  /** Entries that repeat another one. */
  readonly repeated: number;
}

export class ClusterCounts {
  readonly #counters: readonly DeliveryCounter[];
  readonly totals: DeliveryCounts;

  constructor(shards: number) {
    this.#counters = Array.from({ length: shards }, () => new DeliveryCounter());
    this.totals = sumCounts(this.#counters);
  }

  /** Counts a dispatch as sent, and returns its serial. */
  nextSerial(shardId: number): number {
    return this.#counters[shardId]?.nextSerial() ?? 0;
  }

  receive({ shardId, serial }: Delivered): void {
    this.#counters[shardId]?.receive(serial);
  }

  /** Resolves with whether everything that was sent before this call was delivered in time. */
  async allDelivered(timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    const until = performance.now() + timeoutMs;
    await Promise.all(this.#counters.map((counter) => counter.waitUntilDelivered(timeoutMs, signal)));
    // Handlers of different guilds run side by side, so the last one may be called before others.
    while (this.totals.missing > 0 && performance.now() < until && !signal.aborted) await sleep(LOOK_EVERY_MS);
    return this.totals.missing === 0;
  }

  /** Reads the streams from their start, as a group of its own. */
  async readStreams(engine: Engine, timeoutMs: number, signal: AbortSignal): Promise<StreamCounts> {
    const seen = this.#counters.map(() => new Set<number>());
    let entries = 0;
    const count = (): number => seen.reduce((sum, { size }) => sum + size, 0);
    const audit = await startDemoConsumer(engine, 'audit', 'start', ({ shardId, serial }) => {
      entries += 1;
      seen[shardId]?.add(serial);
    });
    const until = performance.now() + timeoutMs;
    const hasMore = async (): Promise<boolean> => {
      const { shards } = await audit.status();
      return count() < this.totals.sent || shards.some(({ lag, pending }) => lag + pending > 0);
    };
    while (performance.now() < until && !signal.aborted && (await hasMore())) await sleep(LOOK_EVERY_MS);
    await audit.stop();
    return { stored: count(), repeated: entries - count() };
  }
}
