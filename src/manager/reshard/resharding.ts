/**
 * One attempt to replace the shards in service: the successor set comes up, learns its guilds, and takes over. Until it
 * has taken over, any failure leaves the old set in service.
 */
import type { ManagerEvent } from '../../../machines/index.ts';
import type { Clock } from '../../clock.ts';
import type { Dispatch } from '../../protocol/packets.ts';
import type { ShardSet } from '../shard-set.ts';
import { GuildSync } from './guild-sync.ts';
import { HandOver } from './hand-over.ts';
import type { BufferedSession } from './session-buffer.ts';

interface ReshardingOptions {
  readonly old: ShardSet;
  readonly successor: ShardSet;
  readonly clock: Clock;
  readonly hasGuildsIntent: boolean;
  readonly send: (event: ManagerEvent) => void;
  readonly deliver: (entry: BufferedSession, dispatch: Dispatch) => void;
  /** Puts the successor in service. */
  readonly switchOver: () => void;
}

type ReshardingState =
  /** The successor is not ready yet, or has not received its guilds. */
  | { readonly phase: 'preparing' }
  | { readonly phase: 'ready' }
  | { readonly phase: 'handingOver'; readonly handOver: HandOver }
  | { readonly phase: 'inService' }
  | { readonly phase: 'cancelled' };

export class Resharding {
  readonly #options: ReshardingOptions;
  readonly #guildSync: GuildSync;
  #state: ReshardingState = { phase: 'preparing' };

  constructor(options: ReshardingOptions) {
    this.#options = options;
    const { clock, hasGuildsIntent } = options;
    this.#guildSync = new GuildSync({ clock, hasGuildsIntent, onDone: () => this.#checkReady() });
  }

  /** The set that is to take over; `null` once it has, or once the attempt was cancelled. */
  get successor(): ShardSet | null {
    const { phase } = this.#state;
    return phase === 'inService' || phase === 'cancelled' ? null : this.#options.successor;
  }

  /** The hand-over under way. */
  get handOver(): HandOver | null {
    return this.#state.phase === 'handingOver' ? this.#state.handOver : null;
  }

  /** Tries to put the successor in service. Never rejects. */
  async tryHandOver(): Promise<void> {
    this.handOver?.cancel();
    const { old, send, deliver } = this.#options;
    const { successor } = this;
    if (successor === null) return;
    const handOver = new HandOver(old, successor, {
      deliver,
      switchOver: (buffered, leftOut) => {
        this.#enter({ phase: 'inService' });
        this.#guildSync.stop();
        this.#options.switchOver();
        for (const { entry, dispatch } of buffered) deliver(entry, dispatch);
        for (const { entry, dispatch } of leftOut) entry.recordDelivered(dispatch.s);
      },
    });
    this.#enter({ phase: 'handingOver', handOver });
    if (await handOver.run()) {
      // A listener of a buffered dispatch may have disconnected the manager.
      if (this.#state.phase === 'inService') send({ type: 'successor.inService' });
      return;
    }
    if (this.handOver !== handOver) return;
    this.#enter({ phase: 'preparing' });
    send({ type: 'successor.connectionLost' });
    this.#checkReady();
  }

  onOldDispatch(entry: BufferedSession, dispatch: Dispatch): void {
    if (this.handOver === null) this.#options.deliver(entry, dispatch);
    else this.handOver.fromOld(entry, dispatch);
  }

  onSuccessorDispatch(entry: BufferedSession, dispatch: Dispatch): void {
    this.#guildSync.onDispatch(entry.shardId, dispatch);
    this.handOver?.fromNext(entry, dispatch);
  }

  onShardChange(set: ShardSet): void {
    this.handOver?.onShardChange(set);
    this.#checkReady();
  }

  /** Gives up. Returns the successor, unless it has taken over already. */
  cancel(): ShardSet | null {
    this.handOver?.cancel();
    this.#guildSync.stop();
    const { successor } = this;
    this.#enter({ phase: 'cancelled' });
    return successor;
  }

  #enter(state: ReshardingState): void {
    this.#state = state;
  }

  #checkReady(): void {
    const { old, successor } = this.#options;
    if (this.#state.phase !== 'preparing' || !successor.isReady || !this.#guildSync.isDone) return;
    // A shard in service that is about to resume has events to deliver that the successor will not receive.
    if (!old.isQuiescent) return;
    this.#enter({ phase: 'ready' });
    this.#options.send({ type: 'successor.ready' });
  }
}
