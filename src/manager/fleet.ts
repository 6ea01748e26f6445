/**
 * The shards of a manager: the set in service, the one that may take over from it, and those on their way out. It does
 * what the chart says and tells the chart what came of it.
 */
import type { GatewayPresenceUpdateData } from 'discord-api-types/v10';
import type { GatewayInfo, ManagerEvent } from '../../machines/index.ts';
import type { IdentifyGate } from '../identify/identify-gate.ts';
import { MemoryIdentifyGate } from '../identify/memory-identify-gate.ts';
import { GatewayError } from '../protocol/errors.ts';
import { Intents } from '../protocol/intents.ts';
import type { Dispatch } from '../protocol/packets.ts';
import type { DisconnectOptions } from '../shard/close-request.ts';
import { GuildSync } from './reshard/guild-sync.ts';
import { HandOver, isRequestedDispatch } from './reshard/hand-over.ts';
import type { ResolvedManagerOptions } from './manager-options.ts';
import { SessionBuffer } from './reshard/session-buffer.ts';
import type { BufferedSession } from './reshard/session-buffer.ts';
import type { ShardFactory, ShardHandle } from './shard-handle.ts';
import { ShardSet } from './shard-set.ts';
import type { ShardSetObserver, ShardSetPlan } from './shard-set.ts';

export interface FleetDependencies {
  readonly options: ResolvedManagerOptions;
  readonly createShard: ShardFactory;
  /** Tells the chart. */
  send(event: ManagerEvent): void;
  forwardEvent: ShardSetObserver['onShardEvent'];
  deliver(dispatch: Dispatch, entry: BufferedSession): void;
  lowestPendingSequence(entry: BufferedSession): number | null;
  reportFault(error: GatewayError, shardId: number | null): void;
  onProgress(set: ShardSet): void;
  /** Other shards are in service: at the start, and when some have taken over. */
  onServiceChange(): void;
  /** Another set is in service. */
  onResharded(from: number, to: number): void;
  readonly isBackPressured: boolean;
  readonly rawEnabled: boolean;
}

export class Fleet implements ShardSetObserver {
  readonly #dependencies: FleetDependencies;
  readonly #retiring = new Set<ShardSet>();
  #gate: IdentifyGate | null;
  #current: ShardSet | null = null;
  #successor: ShardSet | null = null;
  #guildSync: GuildSync | null = null;
  #handOver: HandOver | null = null;
  #isAwaitingSuccessor = false;
  /** The shard count that has replaced the configured one. */
  #reshardedTotal: number | null = null;
  /** What Discord has said last. */
  #gatewayInfo: GatewayInfo | null = null;
  #budgetNotifiedUntil = Number.NEGATIVE_INFINITY;
  /** The latest for all shards, to identify with. */
  presence: GatewayPresenceUpdateData | undefined;

  constructor(dependencies: FleetDependencies) {
    this.#dependencies = dependencies;
    this.#gate = dependencies.options.customGate;
    this.presence = dependencies.options.presence;
  }

  get gate(): IdentifyGate | null {
    return this.#gate;
  }

  get current(): ShardSet | null {
    return this.#current;
  }

  get successor(): ShardSet | null {
    return this.#successor;
  }

  /** Starts those of the set in service that are not up; a set of its own for another plan. */
  launch(info: GatewayInfo): void {
    const { shards } = this.#dependencies.options;
    const wanted = shards === 'auto' ? { total: info.shards, ids: null } : shards;
    const total = this.#reshardedTotal ?? wanted.total;
    const ids = wanted.ids ?? allIds(total);
    const plan = this.#plan(info, total, ids);
    this.#updateGatewayInfo(info);
    if (this.#current?.fits(plan) !== true) {
      this.#current?.sessionBuffer.discard();
      this.#current = this.#createShardSet(plan, 'writing');
      this.#dependencies.onServiceChange();
    }
    this.#current.launch(plan.maxConcurrency);
  }

  prepare(info: GatewayInfo, total: number): void {
    this.#updateGatewayInfo(info);
    const plan = this.#plan(info, total, allIds(total));
    this.#isAwaitingSuccessor = true;
    const { clock, intents } = this.#dependencies.options;
    this.#guildSync = new GuildSync({
      clock,
      hasGuildsIntent: (intents & Intents.Guilds) !== 0,
      onDone: () => this.#checkSuccessor(),
    });
    this.#successor = this.#createShardSet(plan, 'buffering');
    this.#successor.launch(plan.maxConcurrency);
  }

  /** Tries to put the successor in service. */
  handOver(): void {
    void this.#handOverTo(this.#successor);
  }

  async #handOverTo(successor: ShardSet | null): Promise<void> {
    this.#handOver?.cancel();
    if (successor === null || this.#current === null) return;
    const handOver = new HandOver(this.#current, successor, {
      deliver: (entry, dispatch) => this.#deliver(entry, dispatch),
      switchOver: (buffered) => {
        this.#switchOver(successor);
        for (const { entry, dispatch } of buffered) this.#deliver(entry, dispatch);
      },
    });
    this.#handOver = handOver;
    const isInService = await handOver.run();
    if (this.#handOver !== handOver) return;
    this.#handOver = null;
    if (isInService) return this.#dependencies.send({ type: 'successor.inService' });
    this.#isAwaitingSuccessor = true;
    this.#dependencies.send({ type: 'successor.connectionLost' });
    this.#checkSuccessor();
  }

  /** The one step: from here on the successor is the set in service. */
  #switchOver(successor: ShardSet): void {
    const old = this.#current;
    if (old === null) return;
    this.#current = successor;
    this.#successor = null;
    this.#reshardedTotal = successor.plan.total;
    this.#dependencies.onServiceChange();
    this.#guildSync?.stop();
    old.sessionBuffer.discard();
    successor.setBackPressure(this.#dependencies.isBackPressured);
    successor.sessionBuffer.commit();
    for (const id of old.plan.ids) if (!successor.handles.has(id)) void successor.sessionBuffer.clear(id);
    void this.#closeRetired(old, this.#dependencies.options.timing.closeTimeoutMs);
    this.#dependencies.onResharded(old.plan.total, successor.plan.total);
  }

  /** Sends the successor away; the set in service is not touched. */
  discardSuccessor(): void {
    this.#isAwaitingSuccessor = false;
    this.#handOver?.cancel();
    this.#handOver = null;
    this.#guildSync?.stop();
    const successor = this.#successor;
    this.#successor = null;
    if (successor === null) return;
    successor.sessionBuffer.discard();
    void this.#closeRetired(successor, 0);
  }

  /** Lets all shards go. Settles when they are gone; never rejects. */
  async close(closeRequest: DisconnectOptions): Promise<void> {
    this.discardSuccessor();
    await Promise.all([
      this.#current?.close(closeRequest),
      ...[...this.#retiring].map((set) => set.close({ session: 'discard' })),
    ]);
  }

  forceClose(code?: number): void {
    this.discardSuccessor();
    this.#current?.forceClose(code);
    for (const set of this.#retiring) set.forceClose();
  }

  setBackPressure(full: boolean): void {
    this.#current?.setBackPressure(full);
  }

  enableRaw(): void {
    this.#current?.enableRaw();
    this.#successor?.enableRaw();
  }

  onShardEvent(...[set, shardId, name, args]: Parameters<ShardSetObserver['onShardEvent']>): void {
    if (set === this.#current) return this.#dependencies.forwardEvent(set, shardId, name, args);
    const [error] = args;
    if (!(error instanceof GatewayError)) return;
    if (name === 'fault') this.#dependencies.reportFault(error, shardId);
    else if (name === 'failed') this.onSharedFailure(set, error);
  }

  onDispatch(set: ShardSet, entry: BufferedSession, dispatch: Dispatch): void {
    if (set === this.#current) {
      if (this.#handOver === null) this.#deliver(entry, dispatch);
      else this.#handOver.fromOld(entry, dispatch);
    } else if (set === this.#successor) {
      this.#guildSync?.onDispatch(entry.shardId, dispatch);
      this.#handOver?.fromNext(entry, dispatch);
    } else if (isRequestedDispatch(dispatch)) this.#deliver(entry, dispatch);
  }

  onShardChange(set: ShardSet): void {
    this.#handOver?.onShardChange(set);
    this.#checkSuccessor();
    if (set === (this.#successor ?? this.#current)) this.#dependencies.onProgress(set);
  }

  onSettled(set: ShardSet): void {
    if (set === this.#current) this.#dependencies.send({ type: 'fleet.settled' });
  }

  onSharedFailure(set: ShardSet, failure: GatewayError): void {
    if (set === this.#current) this.#dependencies.send({ type: 'fleet.failed', failure });
    else if (set === this.#successor)
      this.#dependencies.send({ type: 'successor.failed', failure: reshardFailure(set, failure) });
  }

  onBudgetSpent(retryAfterMs: number): void {
    const { clock } = this.#dependencies.options;
    if (clock.now() < this.#budgetNotifiedUntil) return;
    this.#budgetNotifiedUntil = clock.now() + retryAfterMs;
    const wait = `no session starts left for ${Math.ceil(retryAfterMs / 1000)} s; the shards that need one wait`;
    this.#dependencies.reportFault(new GatewayError('IDENTIFY_BUDGET_SPENT', wait), null);
  }

  #checkSuccessor(): void {
    if (!this.#isAwaitingSuccessor || this.#successor?.isReady !== true || this.#guildSync?.isDone !== true) return;
    // A shard in service that is about to resume still has events to hand out which the successor does not get.
    if (this.#current?.isQuiescent !== true) return;
    this.#isAwaitingSuccessor = false;
    this.#dependencies.send({ type: 'successor.ready' });
  }

  #deliver(entry: BufferedSession, dispatch: Dispatch): void {
    this.#dependencies.deliver(dispatch, entry);
    entry.recordDelivered(dispatch.s);
  }

  async #closeRetired(set: ShardSet, timeoutMs: number): Promise<void> {
    const { clock } = this.#dependencies.options;
    this.#retiring.add(set);
    const timeout = Promise.withResolvers<void>();
    const timer = clock.setTimeout(timeout.resolve, timeoutMs);
    const closeShard = async (handle: ShardHandle): Promise<void> => {
      if (timeoutMs > 0) await Promise.race([handle.settled(), timeout.promise]);
      await handle.disconnect({ session: 'discard' });
    };
    await Promise.allSettled([...set.handles.values()].map(closeShard));
    clock.clearTimeout(timer);
    await set.close({ session: 'discard' });
    this.#retiring.delete(set);
  }

  #plan(
    { url, sessionStartLimit: { maxConcurrency } }: GatewayInfo,
    total: number,
    ids: readonly number[],
  ): ShardSetPlan {
    return { total, ids, url, maxConcurrency, presence: this.presence };
  }

  /** Once: what was told before the last IDENTIFYs is not true any more. */
  #updateGatewayInfo(info: GatewayInfo): void {
    if (info === this.#gatewayInfo) return;
    this.#gatewayInfo = info;
    const { sessionStartLimit } = info;
    const { clock, reserve } = this.#dependencies.options;
    if (this.#gate === null)
      this.#gate = new MemoryIdentifyGate({
        ...sessionStartLimit,
        clock,
        reserve: Math.min(reserve, sessionStartLimit.total - 1),
      });
    else if (this.#gate instanceof MemoryIdentifyGate && this.#dependencies.options.customGate === null)
      this.#gate.update(sessionStartLimit);
  }

  #createShardSet(plan: ShardSetPlan, mode: 'writing' | 'buffering'): ShardSet {
    const { createShard, rawEnabled, options } = this.#dependencies;
    const { clock, timing, sessionStore, identifyGate } = options;
    const sessionBuffer = new SessionBuffer(
      {
        clock,
        store: sessionStore,
        lowestPendingSequence: (entry) => this.#dependencies.lowestPendingSequence(entry),
        report: (error, shardId) => this.#dependencies.reportFault(error, shardId),
      },
      mode,
    );
    const gate = this.#gate ?? identifyGate;
    return new ShardSet(plan, {
      clock,
      createShard,
      sessionBuffer,
      gate,
      storeTimeoutMs: timing.connectTimeoutMs,
      rawEnabled,
      observer: this,
    });
  }
}

const allIds = (total: number): number[] => Array.from({ length: total }, (_, id) => id);

const HINT =
  'Reshard to a multiple of the shard count that GET /gateway/bot recommends; a large bot may have no other.';

const reshardFailure = ({ plan: { total } }: ShardSet, failure: GatewayError): GatewayError =>
  failure.code === 'INVALID_SHARD'
    ? new GatewayError('INVALID_SHARD', `Discord does not take ${total} shards (4010)`, {
        closeCode: 4010,
        hint: HINT,
        cause: failure,
      })
    : failure;
