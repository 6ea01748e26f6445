/**
 * The shards of a manager: the set in service, a successor that may take over from it, and retired sets on their way
 * out. It carries out the commands of the manager's statechart and reports the outcome to it as events.
 */
import type { GatewayInfo, ManagerEvent } from '../../machines/index.ts';
import type { IdentifyGate } from '../identify/identify-gate.ts';
import { StartGuard } from '../identify/start-guard.ts';
import { GatewayError } from '../protocol/errors.ts';
import { Intents } from '../protocol/intents.ts';
import type { Dispatch } from '../protocol/packets.ts';
import type { BotIdentity } from '../session/session.ts';
import { SessionOrigin } from '../session/session-origin.ts';
import { ClaimedSessionStore } from '../session/claimed-session-store.ts';
import type { DisconnectOptions } from '../shard/close-request.ts';
import { isPresenceRefused } from '../shard/refused-payload.ts';
import type { FleetDispatcher } from './fleet-dispatcher.ts';
import { FleetPresence } from './fleet-presence.ts';
import type { ResolvedManagerOptions } from './manager-options.ts';
import { isRequestedDispatch } from './reshard/hand-over.ts';
import { Resharding } from './reshard/resharding.ts';
import { SessionBuffer } from './reshard/session-buffer.ts';
import type { BufferedSession } from './reshard/session-buffer.ts';
import type { ShardFactory } from './shard-handle.ts';
import { ShardSet } from './shard-set.ts';
import type { ForwardedEvent, ShardSetObserver, ShardSetPlan } from './shard-set.ts';
import { SessionClaims } from './start/session-claims.ts';
import { SessionStarts } from './start/session-starts.ts';

export interface FleetDependencies {
  readonly options: ResolvedManagerOptions;
  readonly createShard: ShardFactory;
  readonly dispatcher: FleetDispatcher;
  /** Sends an event to the manager's machine. */
  readonly send: (event: ManagerEvent) => void;
  /** Emits an event of a shard as one of the manager. */
  readonly emitShardEvent: (shardId: number, name: ForwardedEvent, args: readonly unknown[]) => void;
  readonly reportFault: (error: GatewayError, shardId: number | null) => void;
  readonly onProgress: (set: ShardSet) => void;
  /** Called when other shards are in service: at the start, and after resharding. */
  readonly onServiceChange: () => void;
  readonly onResharded: (from: number, to: number) => void;
}

export class Fleet implements ShardSetObserver {
  readonly #dependencies: FleetDependencies;
  readonly #sessionStarts: SessionStarts;
  readonly #sessionOrigin: SessionOrigin;
  readonly #sessionStore: ClaimedSessionStore;
  readonly #startGuard: StartGuard;
  readonly #retired = new Set<ShardSet>();
  #current: ShardSet | null = null;
  #resharding: Resharding | null = null;
  /** The shard count after resharding, in place of the configured one. */
  #reshardedTotal: number | null = null;
  #rawEnabled = false;
  #launchCount = 0;
  readonly presence: FleetPresence;

  constructor(dependencies: FleetDependencies) {
    const { options } = dependencies;
    this.#dependencies = dependencies;
    this.#sessionStarts = new SessionStarts(options, (error) => dependencies.reportFault(error, null));
    this.#sessionOrigin = new SessionOrigin(options);
    this.#sessionStore = new ClaimedSessionStore(options.sessionStore, {
      clock: options.clock,
      timeoutMs: options.timing.connectTimeoutMs,
      report: dependencies.reportFault,
    });
    this.#startGuard = new StartGuard({
      clock: options.clock,
      store: this.#sessionStore,
      policy: options.startGuard,
      report: dependencies.reportFault,
    });
    this.presence = new FleetPresence(options.presence);
  }

  get gate(): IdentifyGate | null {
    return this.#sessionStarts.gate;
  }

  get current(): ShardSet | null {
    return this.#current;
  }

  /** Who the bot is, as far as a session in service says it. */
  get bot(): BotIdentity {
    const sessions = [...(this.#current?.handles.values() ?? [])].map(({ session }) => session);
    return sessions.find((session) => session?.user !== undefined) ?? {};
  }

  get successor(): ShardSet | null {
    return this.#resharding?.successor ?? null;
  }

  /** Starts the shards in service that are not ready, or a new set where Discord's answer asks for another plan. */
  launch(info: GatewayInfo): void {
    const { shards } = this.#dependencies.options;
    const wanted = shards === 'auto' ? { total: info.shards, ids: null } : shards;
    const total = this.#reshardedTotal ?? wanted.total;
    const plan = this.#plan(info, total, wanted.ids ?? allIds(total));
    this.#sessionStarts.update(info);
    if (this.#current?.fits(plan) !== true) {
      this.#current?.sessionBuffer.discard();
      this.#current = this.#createShardSet(plan, 'writing');
      this.#dependencies.onServiceChange();
    }
    this.#launchCount += 1;
    this.#current.launch(plan.maxConcurrency);
  }

  /** Starts a successor of `total` shards beside the set in service. */
  prepare(info: GatewayInfo, total: number): void {
    const old = this.#current;
    if (old === null) return;
    this.#sessionStarts.update(info);
    const plan = this.#plan(info, total, allIds(total));
    const { options, send } = this.#dependencies;
    const successor = this.#createShardSet(plan, 'buffering');
    this.#resharding = new Resharding({
      old,
      successor,
      clock: options.clock,
      hasGuildsIntent: (options.intents & Intents.Guilds) !== 0,
      send,
      deliver: (entry, dispatch) => this.#deliver(entry, dispatch),
      switchOver: () => this.#switchOver(old, successor),
    });
    successor.launch(plan.maxConcurrency);
  }

  /** Tries to put the successor in service. */
  handOver(): void {
    void this.#resharding?.tryHandOver();
  }

  /** Puts the successor in service, in one step. */
  #switchOver(old: ShardSet, successor: ShardSet): void {
    const { options, dispatcher } = this.#dependencies;
    this.#current = successor;
    this.#reshardedTotal = successor.plan.total;
    this.#dependencies.onServiceChange();
    old.sessionBuffer.discard();
    successor.setBackPressure(dispatcher.isFull);
    for (const id of successor.plan.ids) void this.#sessionStore.hold(id).catch(() => undefined);
    successor.sessionBuffer.commit();
    for (const id of old.plan.ids) if (!successor.handles.has(id)) void successor.sessionBuffer.clear(id);
    void this.#retire(old, options.timing.closeTimeoutMs);
    this.#dependencies.onResharded(old.plan.total, successor.plan.total);
  }

  /** Closes the successor. The set in service goes on. */
  discardSuccessor(): void {
    const successor = this.#resharding?.cancel() ?? null;
    this.#resharding = null;
    if (successor === null) return;
    successor.sessionBuffer.discard();
    void this.#retire(successor, 0);
  }

  /** Closes all shards. Resolves when they are closed; never rejects. */
  async close(closeRequest: DisconnectOptions): Promise<void> {
    const launchCount = this.#launchCount;
    this.discardSuccessor();
    await Promise.all([
      this.#current?.close(closeRequest),
      ...[...this.#retired].map((set) => set.close({ session: 'discard' })),
    ]);
    // A close that takes too long may end after the next start.
    if (launchCount === this.#launchCount) await this.#sessionStore.release();
  }

  forceClose(code?: number): void {
    this.discardSuccessor();
    this.#current?.forceClose(code);
    for (const set of this.#retired) set.forceClose();
  }

  setBackPressure(full: boolean): void {
    this.#current?.setBackPressure(full);
  }

  /** Makes a shard leave its connection: there is no room for what it receives. */
  leave(shardId: number): void {
    this.#current?.leave(shardId);
  }

  /** Lets shards that have left return. */
  onRoom(): void {
    this.#current?.onRoom();
  }

  /** Emits `raw` from now on. */
  enableRaw(): void {
    if (this.#rawEnabled) return;
    this.#rawEnabled = true;
    this.#current?.enableRaw();
    this.successor?.enableRaw();
  }

  onShardEvent(...[set, shardId, name, args]: Parameters<ShardSetObserver['onShardEvent']>): void {
    const [error] = args;
    const shard = set.handles.get(shardId);
    if (shard !== undefined && name === 'fault' && error instanceof GatewayError && isPresenceRefused(error))
      this.presence.refuse(shard);
    if (set === this.#current) return this.#dependencies.emitShardEvent(shardId, name, args);
    if (!(error instanceof GatewayError)) return;
    if (name === 'fault') this.#dependencies.reportFault(error, shardId);
    else if (name === 'failed') this.onSharedFailure(set, error);
  }

  onDispatch(set: ShardSet, entry: BufferedSession, dispatch: Dispatch): void {
    const resharding = this.#resharding;
    if (set === this.#current) {
      const handOver = resharding?.handOver ?? null;
      if (handOver === null) this.#deliver(entry, dispatch);
      else handOver.fromOld(entry, dispatch);
    } else if (resharding !== null && set === resharding.successor) {
      resharding.onSuccessorDispatch(entry, dispatch);
    } else if (isRequestedDispatch(dispatch)) this.#deliver(entry, dispatch);
  }

  onShardChange(set: ShardSet): void {
    this.#resharding?.onShardChange(set);
    if (set === (this.successor ?? this.#current)) this.#dependencies.onProgress(set);
  }

  onSettled(set: ShardSet): void {
    if (set === this.#current) this.#dependencies.send({ type: 'fleet.settled' });
  }

  onSharedFailure(set: ShardSet, failure: GatewayError): void {
    if (set === this.#current) this.#dependencies.send({ type: 'fleet.failed', failure });
    else if (set === this.successor)
      this.#dependencies.send({ type: 'successor.failed', failure: reshardFailure(set, failure) });
  }

  onBudgetSpent(retryAfterMs: number): void {
    this.#sessionStarts.onBudgetSpent(retryAfterMs);
  }

  #deliver(entry: BufferedSession, dispatch: Dispatch): void {
    this.#dependencies.dispatcher.deliver(dispatch, entry);
    if (dispatch.isRestored !== true) entry.recordDelivered(dispatch.s);
  }

  async #retire(set: ShardSet, timeoutMs: number): Promise<void> {
    this.#retired.add(set);
    await set.retire(timeoutMs);
    this.#retired.delete(set);
  }

  #plan(
    { url, sessionStartLimit: { maxConcurrency } }: GatewayInfo,
    total: number,
    ids: readonly number[],
  ): ShardSetPlan {
    return { total, ids, url, maxConcurrency, presence: this.presence.value };
  }

  #createShardSet(plan: ShardSetPlan, mode: 'writing' | 'buffering'): ShardSet {
    const { createShard, dispatcher, options, reportFault } = this.#dependencies;
    const { clock, timing, identifyGate } = options;
    const store = this.#sessionStore;
    const sessionBuffer = new SessionBuffer(
      {
        clock,
        store,
        snapshots: options.warmStart ? store : null,
        lowestPendingSequence: (entry) => dispatcher.lowestSequenceOf(entry),
        report: reportFault,
      },
      mode,
    );
    return new ShardSet(plan, {
      clock,
      createShard,
      sessionBuffer,
      claims: new SessionClaims({ clock, store, timing }),
      origin: this.#sessionOrigin,
      gate: this.gate ?? identifyGate,
      startGuard: this.#startGuard,
      storeTimeoutMs: timing.connectTimeoutMs,
      rawEnabled: this.#rawEnabled,
      observer: this,
    });
  }
}

const allIds = (total: number): number[] => Array.from({ length: total }, (_, id) => id);

const HINT =
  'Reshard to a multiple of the shard count that GET /gateway/bot recommends: a large bot may use no other count.';

const reshardFailure = ({ plan: { total } }: ShardSet, failure: GatewayError): GatewayError =>
  failure.code === 'INVALID_SHARD'
    ? new GatewayError('INVALID_SHARD', `Discord does not accept ${total} shards (close code 4010)`, {
        closeCode: 4010,
        hint: HINT,
        cause: failure,
      })
    : failure;
