/** One TCP connection: both directions have latency and keep the order, and the link can become half open. */
import type { SeededRandom } from '../src/testing/seeded-random.ts';
import type { SimClock } from './sim-clock.ts';

export class Link {
  readonly #clock: SimClock;
  readonly #random: SeededRandom;
  readonly #latencyMs: number;
  readonly #jitterMs: number;
  #shardArrivalAt = 0;
  #gatewayArrivalAt = 0;
  /** What is on the way, in the order it was sent. It also arrives in this order, even at the same moment. */
  readonly #toShard: (() => void)[] = [];
  readonly #toGateway: (() => void)[] = [];
  /** Half open: frames are lost, and neither side notices. */
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

  /** Returns a random latency in whole ms, so that arrivals often coincide. */
  latencyMs(): number {
    return Math.ceil(this.#latencyMs + Math.min(this.#random.exponential(this.#jitterMs), this.#jitterMs * 5));
  }

  #next(queue: (() => void)[]): void {
    const onArrival = queue.shift();
    if (!this.isHalfOpen) onArrival?.();
  }
}
