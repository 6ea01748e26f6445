/** The two ways of one TCP connection: slow, in order, and perhaps leading nowhere. */
import type { Dice } from './dice.ts';
import type { SimClock } from './sim-clock.ts';

export class Link {
  readonly #clock: SimClock;
  readonly #dice: Dice;
  readonly #latencyMs: number;
  readonly #jitterMs: number;
  #shardAt = 0;
  #gatewayAt = 0;
  /** Under way; whatever arrives first was sent first, also of those that arrive at the same time. */
  readonly #toShard: (() => void)[] = [];
  readonly #toGateway: (() => void)[] = [];
  /** Half open: what is sent is lost, and nobody is told. */
  isDeaf = false;

  constructor(clock: SimClock, dice: Dice, { latencyMs, jitterMs }: { latencyMs: number; jitterMs: number }) {
    this.#clock = clock;
    this.#dice = dice;
    this.#latencyMs = latencyMs;
    this.#jitterMs = jitterMs;
  }

  toShard(arrive: () => void): void {
    this.#shardAt = Math.max(this.#shardAt, this.#clock.now() + this.latencyMs());
    this.#toShard.push(arrive);
    this.#clock.arrive(() => this.#next(this.#toShard), this.#shardAt);
  }

  toGateway(arrive: () => void): void {
    this.#gatewayAt = Math.max(this.#gatewayAt, this.#clock.now() + this.latencyMs());
    this.#toGateway.push(arrive);
    this.#clock.outside(() => this.#next(this.#toGateway), this.#gatewayAt - this.#clock.now());
  }

  /** In whole ms, so that things happen at the same time. */
  latencyMs(): number {
    return Math.ceil(this.#latencyMs + Math.min(this.#dice.exponential(this.#jitterMs), this.#jitterMs * 5));
  }

  #next(queue: (() => void)[]): void {
    const arrive = queue.shift();
    if (!this.isDeaf) arrive?.();
  }
}
