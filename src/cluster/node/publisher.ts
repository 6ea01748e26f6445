/**
 * Publishes the dispatches of the shards that a node holds, and with them their sessions: the sequence of a session moves
 * in the same step in which its dispatches are appended. Many shards store at the same time.
 */
import type { Dispatch } from '../../protocol/packets.ts';
import type { Session } from '../../session/session.ts';
import type { HeldShard } from './held-shard.ts';
import type { ResolvedPublish } from './publish-options.ts';
import type { DispatchPublisher, NodeSeat, PublishedPart } from './session-recorder.ts';
import { ShardPublisher } from './shard-publisher.ts';

/** How often old entries are removed, also of streams to which nothing is appended. */
const SWEEP_MS = 60_000;

class NodePublisher implements DispatchPublisher {
  readonly #seat: NodeSeat;
  readonly #publish: ResolvedPublish;
  readonly #shards = new Map<HeldShard, ShardPublisher>();
  /** The shards that have got dispatches since the last call. */
  readonly #pushed = new Set<ShardPublisher>();
  #sweptAt = Number.NEGATIVE_INFINITY;

  constructor(seat: NodeSeat, publish: ResolvedPublish) {
    this.#seat = seat;
    this.#publish = publish;
  }

  push(held: HeldShard, session: Session | null, dispatch: Dispatch, what?: PublishedPart): void {
    const shard = this.#of(held);
    shard.push(session, dispatch, what);
    // Everything that is read from the sockets in this turn goes into one step.
    if (this.#pushed.size === 0) this.#seat.host.clock.setTimeout(this.#pump, 0);
    this.#pushed.add(shard);
  }

  save(held: HeldShard, session: Session): Promise<void> {
    this.#of(held).save(session);
    return Promise.resolve();
  }

  clear(held: HeldShard): Promise<void> {
    this.#of(held).clear();
    return Promise.resolve();
  }

  async flush(held: HeldShard): Promise<void> {
    await this.#shards.get(held)?.flush();
  }

  isIdle(held: HeldShard): boolean {
    return this.#shards.get(held)?.isIdle ?? true;
  }

  onBroken(shards: readonly HeldShard[]): void {
    for (const held of shards) this.#of(held).onBroken();
  }

  onReachable(): void {
    for (const shard of this.#shards.values()) shard.pump();
    const now = this.#seat.host.clock.now();
    if (now - this.#sweptAt < SWEEP_MS) return;
    this.#sweptAt = now;
    // The engine reports an outage itself, and the next sweep does the rest.
    this.#seat.connection.log.sweep(this.#publish.bounds.maxAgeMs).catch(() => undefined);
  }

  drop(held: HeldShard): void {
    const shard = this.#shards.get(held);
    if (shard === undefined) return;
    shard.drop();
    this.#shards.delete(held);
    this.#pushed.delete(shard);
  }

  beforeRestore(held: HeldShard): void {
    this.#of(held).beforeRestore();
  }

  lowestSequence(held: HeldShard): number | null {
    return this.#shards.get(held)?.lowestSequence ?? null;
  }

  #of(held: HeldShard): ShardPublisher {
    let shard = this.#shards.get(held);
    if (shard === undefined) {
      shard = new ShardPublisher(this.#seat, this.#publish, held);
      this.#shards.set(held, shard);
    }
    return shard;
  }

  readonly #pump = (): void => {
    const pushed = [...this.#pushed];
    this.#pushed.clear();
    for (const shard of pushed) shard.pump();
  };
}

/** Returns the publisher of a node. */
export const createPublisher = (seat: NodeSeat, publish: ResolvedPublish): DispatchPublisher =>
  new NodePublisher(seat, publish);
