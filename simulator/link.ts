/** The two ways of one TCP connection: slow, in order, and perhaps leading nowhere. */
import type { SeededRandom } from '../src/testing/seeded-random.ts';
import type { SimClock } from './sim-clock.ts';

export class Link {
  readonly #clock: SimClock;
  readonly #random: SeededRandom;
  readonly #latencyMs: number;
  readonly #jitterMs: number;
  #shardArrivalAt = 0;
  #gatewayArrivalAt = 0;
  /** Under way; whatever arrives first was sent first, also of those that arrive at the same time. */
  readonly #toShard: (() => void)[] = [];
  readonly #toGateway: (() => void)[] = [];
  /** Half open: what is sent is lost, and nobody is told. */
  isHalfOpen = false;

  constructor(clock: SimClock, random: SeededRandom, { latencyMs, jitterMs }: { latencyMs: number; jitterMs: number }) {
    this.#clock = clock;
    this.#random = random;
    this.#latencyMs = latencyMs;
    this.#jitterMs = jitterMs;
  }

  toShard(onArrival: () => void): void {
    this.#shardArrivalAt = Math.max(this.#shardArrivalAt, this.#clock.now() + this.latencyMs());
    this.#toShard.push(onArrival);
    this.#clock.scheduleArrival(() => this.#next(this.#toShard), this.#shardArrivalAt);
  }

  toGateway(onArrival: () => void): void {
    this.#gatewayArrivalAt = Math.max(this.#gatewayArrivalAt, this.#clock.now() + this.latencyMs());
    this.#toGateway.push(onArrival);
    this.#clock.scheduleInWorld(() => this.#next(this.#toGateway), this.#gatewayArrivalAt - this.#clock.now());
  }

  /** In whole ms, so that things happen at the same time. */
  latencyMs(): number {
    return Math.ceil(this.#latencyMs + Math.min(this.#random.exponential(this.#jitterMs), this.#jitterMs * 5));
  }

  #next(queue: (() => void)[]): void {
    const onArrival = queue.shift();
    if (!this.isHalfOpen) onArrival?.();
  }
}
