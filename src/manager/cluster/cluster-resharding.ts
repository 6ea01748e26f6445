/**
 * The part of one manager in the resharding of its cluster: the shards of the next generation that its node has, and the
 * hand-over to them, step by step as the cluster goes on.
 */
import { GatewayError } from '../../protocol/errors.ts';
import type { Clock } from '../../clock.ts';
import type { Dispatch } from '../../protocol/packets.ts';
import type { Session } from '../../session/session.ts';
import type { BufferBudget } from '../../shard/buffer-budget.ts';
import { DeliveryRecord } from '../reshard/delivery-record.ts';
import { GuildSync } from '../reshard/guild-sync.ts';
import { HandOver } from '../reshard/hand-over.ts';
import type { BufferedSession } from '../reshard/session-buffer.ts';
import type { ShardSet } from '../shard-set.ts';

interface ClusterReshardingOptions {
  readonly generation: number;
  readonly old: ShardSet;
  readonly successor: ShardSet;
  readonly clock: Clock;
  readonly hasGuildsIntent: boolean;
  readonly budget: BufferBudget;
  readonly deliver: (entry: BufferedSession, dispatch: Dispatch) => void;
  /** Counts a dispatch as delivered, which the shards in service before have delivered. */
  readonly leaveOut: (entry: BufferedSession, dispatch: Dispatch) => void;
  /** Puts the successor in service. */
  readonly switchOver: () => void;
  /** Called when `isReady` may have changed. */
  readonly onReadyChange: () => void;
  /** Called when the hand-over was cancelled because of a lost connection. */
  readonly onBroken: () => void;
}

export class ClusterResharding {
  readonly generation: number;
  readonly #options: ClusterReshardingOptions;
  readonly #guildSync: GuildSync;
  #handOver: HandOver | null = null;
  /** What all nodes have delivered. */
  #digests: readonly string[] = [];
  /** The size of what the hand-over keeps. */
  #heldBytes = 0;
  #isOver = false;

  constructor(options: ClusterReshardingOptions) {
    const { clock, hasGuildsIntent, generation } = options;
    this.generation = generation;
    this.#options = options;
    this.#guildSync = new GuildSync({ clock, hasGuildsIntent, onDone: () => this.#onReadyChange() });
  }

  /** The set that is to take over; `null` once it has, or once the resharding was given up. */
  get successor(): ShardSet | null {
    return this.#isOver ? null : this.#options.successor;
  }

  /** The hand-over under way. */
  get handOver(): HandOver | null {
    return this.#handOver;
  }

  /** Whether the shards here are ready. One in service that is about to resume has events that the next ones miss. */
  get isReady(): boolean {
    const { old, successor } = this.#options;
    return successor.isReady && this.#guildSync.isDone && old.isQuiescent;
  }

  /** Records from now on what the old set delivers. */
  begin(): void {
    const { old, successor, switchOver, deliver, leaveOut } = this.#options;
    this.cancelHandOver(true);
    const handOver = new HandOver(old, successor, {
      deliver,
      switchOver: (buffered, leftOut) => {
        switchOver();
        for (const { entry, dispatch } of buffered) deliver(entry, dispatch);
        for (const { entry, dispatch } of leftOut) leaveOut(entry, dispatch);
      },
    });
    this.#handOver = handOver;
    if (!handOver.isIntact(old) || !handOver.isIntact(successor)) this.#break();
  }

  async buffer(): Promise<readonly Session[]> {
    await this.#underWay.buffer();
    // In the same turn in which it begins to buffer.
    return [...this.#options.successor.handles.values()].flatMap(({ session }) => session ?? []);
  }

  async freeze(): Promise<readonly string[]> {
    const handOver = this.#underWay;
    await handOver.freeze();
    return handOver.record.digests;
  }

  async catchUp(digests: readonly string[]): Promise<void> {
    this.#digests = digests;
    await this.#underWay.catchUp();
  }

  /** Puts the successor in service. A node without shards may not have begun. */
  switchOver(): void {
    const handOver = this.#handOver;
    this.#isOver = true;
    this.#handOver = null;
    this.#guildSync.stop();
    this.#freeBudget();
    if (handOver === null) this.#options.switchOver();
    else handOver.finish(new DeliveryRecord(this.#digests));
  }

  /** Ends the hand-over. With `delivers` the old set delivers what was kept of it, and goes on. */
  cancelHandOver(delivers: boolean): void {
    const handOver = this.#handOver;
    this.#handOver = null;
    this.#freeBudget();
    if (delivers) handOver?.cancel();
  }

  /** Gives up. Returns the successor, unless it has taken over already. */
  cancel(): ShardSet | null {
    this.cancelHandOver(true);
    this.#guildSync.stop();
    const { successor } = this;
    this.#isOver = true;
    return successor;
  }

  onOldDispatch(entry: BufferedSession, dispatch: Dispatch): void {
    const handOver = this.#handOver;
    if (handOver === null) return this.#options.deliver(entry, dispatch);
    if (handOver.fromOld(entry, dispatch)) this.#hold(this.#options.old, entry, dispatch);
    return undefined;
  }

  onSuccessorDispatch(entry: BufferedSession, dispatch: Dispatch): void {
    this.#guildSync.onDispatch(entry.shardId, dispatch);
    if (this.#handOver?.fromNext(entry, dispatch) === true) this.#hold(this.#options.successor, entry, dispatch);
  }

  onShardChange(set: ShardSet): void {
    if (this.#handOver?.isIntact(set) === false) this.#break();
    this.#onReadyChange();
  }

  get #underWay(): HandOver {
    if (this.#handOver === null) throw new GatewayError('CONNECTION_LOST', 'the hand-over has ended');
    return this.#handOver;
  }

  #break(): void {
    this.cancelHandOver(true);
    this.#options.onBroken();
  }

  /** What is kept counts in the buffer of the node. A shard for which there is no room leaves its connection. */
  #hold(set: ShardSet, { shardId }: BufferedSession, { raw }: Dispatch): void {
    const { budget } = this.#options;
    this.#heldBytes += raw.byteLength;
    budget.add(raw.byteLength);
    if (budget.isExceeded) set.leave(shardId);
  }

  #freeBudget(): void {
    const bytes = this.#heldBytes;
    this.#heldBytes = 0;
    this.#options.budget.remove(bytes);
  }

  #onReadyChange(): void {
    if (!this.#isOver) this.#options.onReadyChange();
  }
}
