/**
 * The shards of a manager: the set in service, the one that may take over from it, and those on their way out. It does
 * what the chart says and tells the chart what came of it.
 */
import type { GatewayPresenceUpdateData } from 'discord-api-types/v10';
import type { GatewayInfo, ManagerEvent } from '../../machines/index.ts';
import type { IdentifyGate } from '../actors/identify-gate.ts';
import { MemoryIdentifyGate } from '../actors/memory-identify-gate.ts';
import { GatewayError } from '../protocol/errors.ts';
import { Intents } from '../protocol/intents.ts';
import type { Dispatch } from '../protocol/packets.ts';
import type { DisconnectOptions } from '../shard/closing.ts';
import { GuildSync } from './guild-sync.ts';
import { HandOver, isAnswer } from './hand-over.ts';
import type { ResolvedManagerOptions } from './manager-options.ts';
import { SessionLedger } from './session-ledger.ts';
import type { LedgerRow } from './session-ledger.ts';
import type { CreateShard, ShardHandle } from './shard-handle.ts';
import { ShardSet } from './shard-set.ts';
import type { SetObserver, SetPlan } from './shard-set.ts';

export interface FleetHost {
  readonly options: ResolvedManagerOptions;
  readonly create: CreateShard;
  /** Tells the chart. */
  say(event: ManagerEvent): void;
  relay: SetObserver['heard'];
  deliver(dispatch: Dispatch, row: LedgerRow): void;
  oldestWaiting(row: LedgerRow): number | null;
  fault(error: GatewayError, shardId: number | null): void;
  progressed(set: ShardSet): void;
  /** Other shards are in service: at the start, and when some have taken over. */
  served(): void;
  /** Another set is in service. */
  resharded(from: number, to: number): void;
  readonly isPressed: boolean;
  readonly hearsRaw: boolean;
}

export class Fleet implements SetObserver {
  readonly #host: FleetHost;
  readonly #retiring = new Set<ShardSet>();
  #gate: IdentifyGate | null;
  #current: ShardSet | null = null;
  #successor: ShardSet | null = null;
  #sync: GuildSync | null = null;
  #handOver: HandOver | null = null;
  #isAwaitingSuccessor = false;
  /** The shard count that has replaced the configured one. */
  #resharded: number | null = null;
  /** What Discord has said last. */
  #learned: GatewayInfo | null = null;
  #budgetToldUntil = Number.NEGATIVE_INFINITY;
  /** The latest for all shards, to identify with. */
  presence: GatewayPresenceUpdateData | undefined;

  constructor(host: FleetHost) {
    this.#host = host;
    this.#gate = host.options.givenGate;
    this.presence = host.options.presence;
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
    const { shards } = this.#host.options;
    const wanted = shards === 'auto' ? { total: info.shards, ids: null } : shards;
    const total = this.#resharded ?? wanted.total;
    const ids = wanted.ids ?? allIds(total);
    const plan = this.#plan(info, total, ids);
    this.#learn(info);
    if (this.#current?.fits(plan) !== true) {
      this.#current?.ledger.retire();
      this.#current = this.#assemble(plan, 'open');
      this.#host.served();
    }
    this.#current.launch(plan.maxConcurrency);
  }

  prepare(info: GatewayInfo, total: number): void {
    this.#learn(info);
    const plan = this.#plan(info, total, allIds(total));
    this.#isAwaitingSuccessor = true;
    const { clock, intents } = this.#host.options;
    this.#sync = new GuildSync({ clock, hearsOfGuilds: (intents & Intents.Guilds) !== 0, changed: () => this.#lookAtSuccessor() });
    this.#successor = this.#assemble(plan, 'held');
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
      deliver: (row, dispatch) => this.#deliver(row, dispatch),
      flip: (kept) => {
        this.#flip(successor);
        for (const { row, dispatch } of kept) this.#deliver(row, dispatch);
      },
    });
    this.#handOver = handOver;
    const isInService = await handOver.run();
    if (this.#handOver !== handOver) return;
    this.#handOver = null;
    if (isInService) return this.#host.say({ type: 'successor.inService' });
    this.#isAwaitingSuccessor = true;
    this.#host.say({ type: 'successor.unsettled' });
    this.#lookAtSuccessor();
  }

  /** The one step: from here on the successor is the set in service. */
  #flip(successor: ShardSet): void {
    const old = this.#current;
    if (old === null) return;
    this.#current = successor;
    this.#successor = null;
    this.#resharded = successor.plan.total;
    this.#host.served();
    this.#sync?.stop();
    old.ledger.retire();
    successor.setPressure(this.#host.isPressed);
    successor.ledger.open();
    for (const id of old.plan.ids) if (!successor.handles.has(id)) void successor.ledger.clear(id);
    void this.#retire(old, this.#host.options.timing.closeTimeoutMs);
    this.#host.resharded(old.plan.total, successor.plan.total);
  }

  /** Sends the successor away; the set in service is not touched. */
  dismiss(): void {
    this.#isAwaitingSuccessor = false;
    this.#handOver?.cancel();
    this.#handOver = null;
    this.#sync?.stop();
    const successor = this.#successor;
    this.#successor = null;
    if (successor === null) return;
    successor.ledger.retire();
    void this.#retire(successor, 0);
  }

  /** Lets all shards go. Settles when they are gone; never rejects. */
  async drain(closing: DisconnectOptions): Promise<void> {
    this.dismiss();
    await Promise.all([this.#current?.close(closing), ...[...this.#retiring].map((set) => set.close({ session: 'discard' }))]);
  }

  forceClose(code?: number): void {
    this.dismiss();
    this.#current?.forceClose(code);
    for (const set of this.#retiring) set.forceClose();
  }

  setPressure(full: boolean): void {
    this.#current?.setPressure(full);
  }

  hearRaw(): void {
    this.#current?.hearRaw();
    this.#successor?.hearRaw();
  }

  heard(...[set, shardId, name, args]: Parameters<SetObserver['heard']>): void {
    if (set === this.#current) return this.#host.relay(set, shardId, name, args);
    const [error] = args;
    if (!(error instanceof GatewayError)) return;
    if (name === 'fault') this.#host.fault(error, shardId);
    else if (name === 'failed') this.failed(set, error);
  }

  dispatched(set: ShardSet, row: LedgerRow, dispatch: Dispatch): void {
    if (set === this.#current) {
      if (this.#handOver === null) this.#deliver(row, dispatch);
      else this.#handOver.fromOld(row, dispatch);
    } else if (set === this.#successor) {
      this.#sync?.hear(row.shardId, dispatch);
      this.#handOver?.fromNext(row, dispatch);
    } else if (isAnswer(dispatch)) this.#deliver(row, dispatch);
  }

  changed(set: ShardSet): void {
    this.#handOver?.changed(set);
    this.#lookAtSuccessor();
    if (set === (this.#successor ?? this.#current)) this.#host.progressed(set);
  }

  settled(set: ShardSet): void {
    if (set === this.#current) this.#host.say({ type: 'fleet.settled' });
  }

  failed(set: ShardSet, failure: GatewayError): void {
    if (set === this.#current) this.#host.say({ type: 'fleet.failed', failure });
    else if (set === this.#successor) this.#host.say({ type: 'successor.failed', failure: reshardFailure(set, failure) });
  }

  budgetSpent(retryAfterMs: number): void {
    const { clock } = this.#host.options;
    if (clock.now() < this.#budgetToldUntil) return;
    this.#budgetToldUntil = clock.now() + retryAfterMs;
    const wait = `no session starts left for ${Math.ceil(retryAfterMs / 1000)} s; the shards that need one wait`;
    this.#host.fault(new GatewayError('IDENTIFY_BUDGET_SPENT', wait), null);
  }

  #lookAtSuccessor(): void {
    if (!this.#isAwaitingSuccessor || this.#successor?.isReady !== true || this.#sync?.isDone !== true) return;
    // A shard in service that is about to resume still has events to hand out which the successor does not get.
    if (this.#current?.isAtEase !== true) return;
    this.#isAwaitingSuccessor = false;
    this.#host.say({ type: 'successor.ready' });
  }

  #deliver(row: LedgerRow, dispatch: Dispatch): void {
    this.#host.deliver(dispatch, row);
    row.advance(dispatch.s);
  }

  async #retire(set: ShardSet, patienceMs: number): Promise<void> {
    const { clock } = this.#host.options;
    this.#retiring.add(set);
    const late = Promise.withResolvers<void>();
    const timer = clock.setTimeout(late.resolve, patienceMs);
    const leave = async (handle: ShardHandle): Promise<void> => {
      if (patienceMs > 0) await Promise.race([handle.idle(), late.promise]);
      await handle.disconnect({ session: 'discard' });
    };
    await Promise.allSettled([...set.handles.values()].map(leave));
    clock.clearTimeout(timer);
    await set.close({ session: 'discard' });
    this.#retiring.delete(set);
  }

  #plan({ url, sessionStartLimit: { maxConcurrency } }: GatewayInfo, total: number, ids: readonly number[]): SetPlan {
    return { total, ids, url, maxConcurrency, presence: this.presence };
  }

  /** Once: what was told before the last IDENTIFYs is not true any more. */
  #learn(info: GatewayInfo): void {
    if (info === this.#learned) return;
    this.#learned = info;
    const { sessionStartLimit } = info;
    const { clock, reserve } = this.#host.options;
    if (this.#gate === null) this.#gate = new MemoryIdentifyGate({ ...sessionStartLimit, clock, reserve: Math.min(reserve, sessionStartLimit.total - 1) });
    else if (this.#gate instanceof MemoryIdentifyGate && this.#host.options.givenGate === null) this.#gate.update(sessionStartLimit);
  }

  #assemble(plan: SetPlan, mode: 'open' | 'held'): ShardSet {
    const { create, hearsRaw, options } = this.#host;
    const { clock, timing, sessionStore, identifyGate } = options;
    const ledger = new SessionLedger(
      {
        clock,
        store: sessionStore,
        oldestWaiting: (row) => this.#host.oldestWaiting(row),
        report: (error, shardId) => this.#host.fault(error, shardId),
      },
      mode,
    );
    const gate = this.#gate ?? identifyGate;
    return new ShardSet(plan, { clock, create, ledger, gate, storeTimeoutMs: timing.connectTimeoutMs, hearsRaw, observer: this });
  }
}

const allIds = (total: number): number[] => Array.from({ length: total }, (_, id) => id);

const HINT = 'Reshard to a multiple of the shard count that GET /gateway/bot recommends; a large bot may have no other.';

const reshardFailure = ({ plan: { total } }: ShardSet, failure: GatewayError): GatewayError =>
  failure.code === 'INVALID_SHARD'
    ? new GatewayError('INVALID_SHARD', `Discord does not take ${total} shards (4010)`, { closeCode: 4010, hint: HINT, cause: failure })
    : failure;
