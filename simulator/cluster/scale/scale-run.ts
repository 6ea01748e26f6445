/** How long a large cluster takes to start, to be rolled out, and to recover from the loss of a quarter of its nodes. */
import { MemoryServer } from '../../../src/cluster/memory/memory-server.ts';
import { randomFor } from '../../../src/testing/seeded-random.ts';
import { SimClock } from '../../sim-clock.ts';
import { ScaleNode } from './scale-node.ts';

export interface ScaleOptions {
  readonly seed: number;
  readonly shards: number;
  readonly nodes: number;
  readonly maxConcurrency: number;
  readonly maxMovesPerSecond: number;
  readonly leaseTtlMs: number;
}

/** Virtual times, in ms. */
export interface ScaleResult {
  /** From the start of all nodes until each shard is ready. */
  readonly startMs: number;
  /** One node after the other is replaced. */
  readonly rollOutMs: number;
  /** From the death of a quarter of the nodes until each shard is ready again. */
  readonly lossMs: number;
  /** After the start there should be none. */
  readonly laterIdentifies: number;
}

/** The nodes start within this time. */
const STARTED_WITHIN_MS = 1_000;
/** Longer than anything takes. */
const PATIENCE_MS = 86_400_000;
const STEPS_PER_TURN = 2_000;

const microtasksDone = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));
const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

class ScaleRun {
  readonly #options: ScaleOptions;
  readonly #clock: SimClock;
  readonly #server: MemoryServer;
  readonly #nodes: ScaleNode[] = [];
  #alive: ScaleNode[] = [];
  #steps = 0;

  constructor(options: ScaleOptions) {
    this.#options = options;
    this.#clock = new SimClock(randomFor(options.seed, 'clock'), { earlyMs: 0, usualMs: 1, worstMs: 5 }, 0);
    this.#server = new MemoryServer({ leaseTtlMs: options.leaseTtlMs, clock: this.#clock });
  }

  get identifies(): number {
    return this.#nodes.reduce((sum, node) => sum + node.identifies, 0);
  }

  start(): Promise<number> {
    const { nodes } = this.#options;
    for (let n = 0; n < nodes; n += 1)
      this.#clock.scheduleInWorld(() => this.#startNode(), (n * STARTED_WITHIN_MS) / nodes);
    return this.#took(() => this.#nodes.length === nodes && this.#isWhole);
  }

  async rollOut(): Promise<number> {
    const startedAt = this.#clock.now();
    for (const old of this.#alive) {
      const next = this.#startNode();
      await this.#took(() => next.hasJoined);
      let hasLeft = false;
      void old.leave().then(() => (hasLeft = true));
      await this.#took(() => hasLeft);
      old.kill();
      this.#alive = this.#alive.filter((node) => node !== old);
      await this.#took(() => this.#isWhole);
    }
    return this.#clock.now() - startedAt;
  }

  lose(count: number): Promise<number> {
    for (const node of this.#alive.splice(0, count)) node.kill();
    return this.#took(() => this.#isWhole);
  }

  get #isWhole(): boolean {
    return this.#alive.reduce((sum, { ready }) => sum + ready, 0) === this.#options.shards;
  }

  #startNode(): ScaleNode {
    const name = `node-${this.#nodes.length + 1}`;
    const node = new ScaleNode({ ...this.#options, clock: this.#clock, server: this.#server, name });
    this.#nodes.push(node);
    this.#alive = [...this.#alive, node];
    return node;
  }

  /** Moves time forward until the condition holds. Resolves with how long that took. */
  async #took(holds: () => boolean): Promise<number> {
    const startedAt = this.#clock.now();
    for (;;) {
      await microtasksDone();
      if (holds()) return this.#clock.now() - startedAt;
      if (this.#clock.now() - startedAt > PATIENCE_MS) throw new Error('the cluster is not whole after a day');
      this.#clock.step();
      this.#steps += 1;
      if (this.#steps % STEPS_PER_TURN === 0) await nextTurn();
    }
  }
}

export async function runScale(options: ScaleOptions): Promise<ScaleResult> {
  const run = new ScaleRun(options);
  const startMs = await run.start();
  const identifies = run.identifies;
  const rollOutMs = await run.rollOut();
  const lossMs = await run.lose(Math.min(options.nodes - 1, Math.ceil(options.nodes / 4)));
  return { startMs, rollOutMs, lossMs, laterIdentifies: run.identifies - identifies };
}
