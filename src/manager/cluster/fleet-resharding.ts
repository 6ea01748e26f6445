/**
 * Resharding, as the node of a manager asks for it: creates the shards of the next generation, and passes on what becomes of
 * them. It has one `ClusterResharding` at a time.
 */
import type { Failure, GatewayInfo, ManagerEvent } from '../../../machines/index.ts';
import type { HandOverRecord, NodeEntry, ReshardHost } from '../../cluster/node/node-host.ts';
import type { NodeSuccession } from '../../cluster/node/node-succession.ts';
import { GATEWAY_ERROR_CODES, GatewayError } from '../../protocol/errors.ts';
import { Intents } from '../../protocol/intents.ts';
import type { Session } from '../../session/session.ts';
import type { BufferBudget } from '../../shard/buffer-budget.ts';
import type { Dispatch } from '../../protocol/packets.ts';
import type { ResolvedManagerOptions } from '../manager-options.ts';
import type { BufferedSession } from '../reshard/session-buffer.ts';
import type { ShardSet } from '../shard-set.ts';
import { ClusterResharding } from './cluster-resharding.ts';
import { PastHandOver } from './past-hand-over.ts';

interface FleetReshardingOptions {
  readonly options: ResolvedManagerOptions & { readonly cluster: NonNullable<ResolvedManagerOptions['cluster']> };
  readonly budget: BufferBudget;
  readonly current: () => ShardSet | null;
  readonly info: () => GatewayInfo | null;
  readonly succession: () => NodeSuccession | null;
  readonly deliver: (entry: BufferedSession, dispatch: Dispatch) => void;
  /** Counts a dispatch as delivered, which the shards in service before have delivered. */
  readonly leaveOut: (entry: BufferedSession, dispatch: Dispatch) => void;
  /** Creates a set of shards that is not in service, and that the node fills. */
  readonly prepare: (info: GatewayInfo, entry: NodeEntry) => ShardSet;
  /** Puts a set in service in place of another one. */
  readonly switchOver: (old: ShardSet, successor: ShardSet, entry: NodeEntry) => void;
  readonly discard: (successor: ShardSet) => void;
  readonly send: (event: ManagerEvent) => void;
}

export class FleetResharding implements ReshardHost {
  readonly #options: FleetReshardingOptions;
  #resharding: ClusterResharding | null = null;
  #past: PastHandOver | null = null;

  constructor(options: FleetReshardingOptions) {
    this.#options = options;
  }

  /** The resharding under way. */
  get underWay(): ClusterResharding | null {
    return this.#resharding;
  }

  /** Shards are in service that this node has not put in service. */
  onEntered({ record }: NodeEntry): void {
    this.#past = new PastHandOver({ clock: this.#options.options.clock, own: [], ...record });
  }

  /** Whether the shards that were in service before have delivered a dispatch of one that this node has taken over since. */
  wasDelivered(entry: BufferedSession, dispatch: Dispatch): boolean {
    return this.#past?.wasDelivered(entry, dispatch) ?? false;
  }

  get isNextReady(): boolean {
    return this.#resharding?.isReady ?? false;
  }

  prepareNext(entry: NodeEntry): void {
    const { options, budget, succession, deliver, leaveOut, prepare, switchOver, current, info } = this.#options;
    const [old, known] = [current(), info()];
    if (old === null || known === null) return;
    const successor = prepare(known, entry);
    this.#resharding = new ClusterResharding({
      generation: entry.generation,
      old,
      successor,
      clock: options.clock,
      hasGuildsIntent: (options.intents & Intents.Guilds) !== 0,
      budget,
      deliver,
      leaveOut,
      switchOver: () => switchOver(old, successor, entry),
      onReadyChange: () => succession()?.onReadyChange(),
      onBroken: () => succession()?.onBroken(),
    });
  }

  beginHandOver(): void {
    this.#resharding?.begin();
  }

  async bufferNext(): Promise<readonly Session[]> {
    return (await this.#resharding?.buffer()) ?? [];
  }

  async freezeCurrent(): Promise<readonly string[]> {
    return (await this.#resharding?.freeze()) ?? [];
  }

  async catchUp(record: readonly string[]): Promise<void> {
    await this.#resharding?.catchUp(record);
  }

  cancelHandOver(delivers = true): void {
    this.#resharding?.cancelHandOver(delivers);
  }

  switchOver(record: HandOverRecord): void {
    this.#resharding?.switchOver();
    this.#resharding = null;
    const set = this.#options.current();
    const own = [...(set?.handles.keys() ?? [])].flatMap((shardId) => set?.sessionBuffer.entry(shardId) ?? []);
    this.#past = new PastHandOver({ clock: this.#options.options.clock, own, ...record });
    // The machine of a manager that has not asked for it ignores this.
    this.#options.send({ type: 'successor.ready' });
    this.#options.send({ type: 'successor.inService' });
  }

  discardNext(): void {
    const successor = this.#resharding?.cancel() ?? null;
    this.#resharding = null;
    if (successor !== null) this.#options.discard(successor);
  }

  onHandingOver(isHandingOver: boolean): void {
    this.#options.send({ type: isHandingOver ? 'successor.ready' : 'successor.connectionLost' });
  }

  onReshardFailed({ code, message }: Failure): void {
    const known = GATEWAY_ERROR_CODES.find((each) => each === code) ?? 'RESHARD_REFUSED';
    this.#options.send({ type: 'successor.failed', failure: new GatewayError(known, message) });
  }
}
