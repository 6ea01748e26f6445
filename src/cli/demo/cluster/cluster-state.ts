/** Which node has which shard, as the nodes themselves say it. A frozen node goes on believing that it has its own. */
import type { NodeMessage } from './messages.ts';
import type { DemoNode } from './world.ts';

export type NodeCondition = 'starting' | 'running' | 'stopping' | 'frozen' | 'killed';

export interface NodeRow {
  readonly name: string;
  readonly node: DemoNode;
  condition: NodeCondition;
  hasJoined: boolean;
  /** The shards that it holds, and whether they are ready. */
  readonly shards: Map<number, boolean>;
}

export class ClusterState {
  readonly total: number;
  readonly #rows: NodeRow[] = [];
  readonly #checks = new Set<() => void>();
  /** Counts how often a shard has begun on a node. */
  #claims = 0;

  constructor(total: number) {
    this.total = total;
  }

  get rows(): readonly NodeRow[] {
    return this.#rows;
  }

  get claims(): number {
    return this.#claims;
  }

  add(row: NodeRow): void {
    this.#rows.push(row);
    this.changed();
  }

  remove(row: NodeRow): void {
    this.#rows.splice(this.#rows.indexOf(row), 1);
    this.changed();
  }

  setCondition(row: NodeRow, condition: NodeCondition): void {
    row.condition = condition;
    if (condition === 'killed') row.shards.clear();
    this.changed();
  }

  /** Takes what a node says of itself. */
  receive(row: NodeRow, message: NodeMessage): void {
    if (message.kind === 'joined') {
      row.hasJoined = true;
      if (row.condition === 'starting') row.condition = 'running';
    } else if (message.kind === 'claimed') {
      this.#claims += 1;
      row.shards.set(message.shardId, false);
    } else if (message.kind === 'released') row.shards.delete(message.shardId);
    else if (message.kind === 'up' || message.kind === 'down') {
      if (row.shards.has(message.shardId)) row.shards.set(message.shardId, message.kind === 'up');
    }
    this.changed();
  }

  /** Every shard is ready on a node that runs. */
  get isServed(): boolean {
    const ready = new Set<number>();
    for (const { shards } of this.#running) for (const [shardId, isReady] of shards) if (isReady) ready.add(shardId);
    return ready.size === this.total;
  }

  /** All nodes run, each holds its share, and no shard is held twice. */
  get isBalanced(): boolean {
    const sizes = this.#running.map(({ shards }) => shards.size);
    return (
      this.isServed &&
      this.#running.length === this.#rows.length &&
      sizes.reduce((sum, size) => sum + size, 0) === this.total &&
      Math.max(...sizes) - Math.min(...sizes) <= 1
    );
  }

  /** Resolves with whether the condition holds in time. It is checked after each change. */
  until(condition: () => boolean, timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const end = (): void => {
      clearTimeout(timer);
      this.#checks.delete(check);
      signal.removeEventListener('abort', end);
      resolve(condition());
    };
    const check = (): void => {
      if (condition()) end();
    };
    const timer = setTimeout(end, timeoutMs);
    this.#checks.add(check);
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
    else check();
    return promise;
  }

  /** To be called when something has changed on which a condition may depend. */
  changed(): void {
    for (const check of this.#checks) check();
  }

  get #running(): readonly NodeRow[] {
    return this.#rows.filter(({ condition, hasJoined }) => condition === 'running' && hasJoined);
  }
}
