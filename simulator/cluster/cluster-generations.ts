/**
 * The generations of shards that the bot has had: which one the engine has in service, which took over from which, and whose
 * sessions are whose. Checks ask it; no node does.
 */
import type { MemoryServer } from '../../src/cluster/memory/memory-server.ts';
import type { SuccessionPhase } from '../../src/cluster/ports/succession.ts';
import type { GatewaySession } from '../gateway-session.ts';
import type { SimClock } from '../sim-clock.ts';
import type { ClusterLog } from './cluster-log.ts';
import type { ClusterSetting } from './cluster-setting.ts';

export interface SimGeneration {
  /** 0 before the first resharding. */
  readonly number: number;
  readonly total: number;
}

export class ClusterGenerations {
  readonly #server: MemoryServer;
  readonly #clock: SimClock;
  readonly #log: ClusterLog;
  /** The one in service. While the engine knows none, the last one that it knew. */
  #current: SimGeneration;
  /** The last one that came into service. An engine with an older state has an earlier one, until nodes tell it. */
  #newest = 0;
  /** Every one that was begun. */
  readonly #totals = new Map<number, number>();
  /** Those that have been in service. */
  readonly #served = new Set([0]);
  /** Which ones have taken over from which, by a hand-over. */
  readonly #successors = new Map<number, Set<number>>();
  readonly #ofSession = new Map<GatewaySession, number>();
  /** By generation and shard. */
  readonly #sessions = new Map<string, GatewaySession>();
  /** Sessions that were in service, and in whose place another one was begun. */
  readonly #replaced = new Set<GatewaySession>();
  #next: { readonly number: number; readonly phase: SuccessionPhase } | null = null;
  #handOverAt = Number.NEGATIVE_INFINITY;
  /** Within this time a node that knows a later generation than the engine puts it in service again. */
  readonly #returnMs: number;

  constructor(server: MemoryServer, clock: SimClock, log: ClusterLog, { shards, leaseTtlMs }: ClusterSetting) {
    this.#returnMs = 2 * leaseTtlMs;
    this.#server = server;
    this.#clock = clock;
    this.#log = log;
    this.#current = { number: 0, total: shards };
    this.#totals.set(0, shards);
    server.store.scopeNews.subscribe('shards', () => this.#look());
    server.news.subscribe('forgotten', () => this.#look(true));
  }

  get current(): SimGeneration {
    return this.#current;
  }

  /** The one that is to take over. */
  get next(): SimGeneration | null {
    const { next } = this.#server.store.data;
    return next === null ? null : { number: next.generation, total: next.total };
  }

  /** When nodes were handing over last: now, if they are. */
  get handOverAt(): number {
    return this.#next !== null && this.#next.phase !== 'preparing' ? this.#clock.now() : this.#handOverAt;
  }

  /** Returns the generation of a session that was begun. */
  of(session: GatewaySession): number {
    return this.#ofSession.get(session) ?? 0;
  }

  /** Whether the nodes agree that the generation of a session is in service. */
  isInService(session: GatewaySession): boolean {
    const number = this.of(session);
    return number === this.#current.number && number === this.#newest;
  }

  /** Whether the generation of a session is in service, or was before the engine has gone back to an earlier one. */
  isWanted(session: GatewaySession): boolean {
    const number = this.of(session);
    return number === this.#current.number || number === this.#newest;
  }

  hasServed(session: GatewaySession): boolean {
    return this.#served.has(this.of(session));
  }

  isReplaced(session: GatewaySession): boolean {
    return this.#replaced.has(session);
  }

  /** Whether the generation of a session is in service, or has handed over to one that is. */
  leadsToCurrent(session: GatewaySession): boolean {
    const reached = new Set([this.of(session)]);
    for (const number of reached) for (const next of this.#successors.get(number) ?? []) reached.add(next);
    return reached.has(this.#current.number);
  }

  /** The session of a shard of the generation in service that began last. */
  currentSession(shardId: number): GatewaySession | undefined {
    return this.#sessions.get(`${this.#current.number} ${shardId}`);
  }

  /** A session begins. */
  onSession(session: GatewaySession): void {
    const number = this.#guess(session);
    const key = `${number} ${session.shardId}`;
    const earlier = this.#sessions.get(key);
    if (earlier?.endedBy === null && this.#served.has(number)) this.#replaced.add(earlier);
    this.#sessions.set(key, session);
    this.#ofSession.set(session, number);
  }

  /** An IDENTIFY names the shard count, and no generation. */
  #guess({ shardId, shardCount }: GatewaySession): number {
    const { current, next } = this;
    const isOfCurrent = current.total === shardCount;
    if (next?.total === shardCount) {
      const isConnected = (this.currentSession(shardId)?.connection ?? null) !== null;
      if (!isOfCurrent || isConnected) return next.number;
    }
    if (isOfCurrent) return current.number;
    const known = [...this.#totals].filter(([, total]) => total === shardCount).map(([number]) => number);
    return known.length === 0 ? current.number : Math.max(...known);
  }

  #look(isForgotten = false): void {
    const { plan, next } = this.#server.store.data;
    const before = this.#next;
    this.#handOverAt = this.handOverAt;
    this.#next = next === null ? null : { number: next.generation, phase: next.phase };
    if (next !== null) this.#totals.set(next.generation, next.total);
    if (plan === null) return;
    const { generation: number = 0, total } = plan;
    if (number === this.#current.number) return;
    const from = this.#current;
    this.#current = { number, total };
    this.#totals.set(number, total);
    this.#served.add(number);
    this.#newest = Math.max(this.#newest, number);
    if (number < this.#newest) this.#clock.scheduleInWorld(() => this.#forgetNewest(number), this.#returnMs);
    const isHandedOver = !isForgotten && before?.number === number && before.phase === 'catchingUp';
    if (isHandedOver) this.#successors.set(from.number, (this.#successors.get(from.number) ?? new Set()).add(number));
    this.#log.record('inService', { from, to: this.#current, isHandedOver });
  }

  #forgetNewest(number: number): void {
    if (this.#current.number === number) this.#newest = number;
  }
}
