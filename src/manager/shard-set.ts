/** Shards of one shard count, which are started, counted and let go together. */
import type { GatewayPresenceUpdateData } from 'discord-api-types/v10';
import type { ShardState } from '../../machines/index.ts';
import type { IdentifyGate } from '../actors/identify-gate.ts';
import type { Clock } from '../clock.ts';
import { GatewayError } from '../protocol/errors.ts';
import type { Dispatch } from '../protocol/packets.ts';
import type { DisconnectOptions } from '../shard/closing.ts';
import { isCommon } from './common-failures.ts';
import { Launcher } from './launcher.ts';
import { RELAYED } from './manager-events.ts';
import type { LedgerRow, SessionLedger } from './session-ledger.ts';
import type { CreateShard, ShardHandle } from './shard-handle.ts';
import { StartGate } from './start-gate.ts';

type Relayed = (typeof RELAYED)[number] | 'raw';

/** Who is told what becomes of the shards. */
export interface SetObserver {
  heard(set: ShardSet, shardId: number, name: Relayed, args: readonly unknown[]): void;
  dispatched(set: ShardSet, row: LedgerRow, dispatch: Dispatch): void;
  /** A shard has come to another state, or has had its turn to identify. */
  changed(set: ShardSet): void;
  /** Each shard that was launched is ready or has failed. */
  settled(set: ShardSet): void;
  /** A shard has failed for a reason that all share. */
  failed(set: ShardSet, error: GatewayError): void;
  budgetSpent(retryAfterMs: number): void;
}

export interface SetPlan {
  readonly total: number;
  readonly ids: readonly number[];
  readonly url: string;
  readonly maxConcurrency: number;
  readonly presence: GatewayPresenceUpdateData | undefined;
}

interface Parts {
  readonly clock: Clock;
  readonly create: CreateShard;
  readonly ledger: SessionLedger;
  readonly gate: IdentifyGate;
  /** How long the store may take to be asked ahead of the shards. */
  readonly storeTimeoutMs: number;
  readonly hearsRaw: boolean;
  readonly observer: SetObserver;
}

/** A shard in one of these does nothing by itself. */
const AT_REST: ReadonlySet<ShardState> = new Set(['disconnected', 'failed']);

export class ShardSet {
  readonly plan: SetPlan;
  readonly ledger: SessionLedger;
  readonly handles: ReadonlyMap<number, ShardHandle>;
  /** Why shards have failed for good, until they are launched again. */
  readonly failures = new Map<number, GatewayError>();
  /** Since when each has its session, as far as this process knows. */
  readonly sessionSince = new Map<number, number>();
  readonly #parts: Parts;
  readonly #unsettled = new Set<number>();
  #launcher: Launcher | null = null;
  /** Grows with each launch and each stop: what was begun before is of no interest any more. */
  #era = 0;
  #wasReady = false;

  constructor(plan: SetPlan, parts: Parts) {
    this.plan = plan;
    this.ledger = parts.ledger;
    this.#parts = parts;
    const identifyGate = new StartGate(parts.gate, parts.clock, {
      onSent: (shardId) => this.#hadItsTurn(shardId),
      onBudgetSpent: (retryAfterMs) => parts.observer.budgetSpent(retryAfterMs),
    });
    const { total: shardCount, url, presence } = plan;
    const blueprint = { shardCount, url, presence, identifyGate, sessionStore: parts.ledger };
    this.handles = new Map(plan.ids.map((shardId) => [shardId, parts.create({ ...blueprint, shardId })]));
    for (const handle of this.handles.values()) this.#follow(handle);
    if (parts.hearsRaw) this.hearRaw();
  }

  get readyCount(): number {
    let count = 0;
    for (const { state } of this.handles.values()) if (state === 'ready') count += 1;
    return count;
  }

  get isReady(): boolean {
    return this.readyCount === this.handles.size;
  }

  /** Every shard is ready, or will do nothing more by itself. */
  get isAtEase(): boolean {
    return [...this.handles.values()].every(({ state }) => state === 'ready' || AT_REST.has(state));
  }

  /** Some shard will do nothing more by itself. */
  get hasStopped(): boolean {
    return [...this.handles.values()].some(({ state }) => AT_REST.has(state));
  }

  /** Those that have not had their turn to identify. */
  get waiting(): readonly number[] {
    return this.#launcher?.waiting ?? [];
  }

  /** Those that are connected. */
  get live(): ShardHandle[] {
    return [...this.handles.values()].filter(({ state }) => state === 'ready');
  }

  /** Whether this is what a plan asks for, so that it can be launched again. */
  fits({ total, ids, url }: SetPlan): boolean {
    return total === this.plan.total && url === this.plan.url && ids.join() === this.plan.ids.join();
  }

  /** Starts the shards that are not up. */
  launch(maxConcurrency: number): void {
    this.#era += 1;
    void this.#launch(maxConcurrency, this.#era);
  }

  async #launch(maxConcurrency: number, era: number): Promise<void> {
    const ids = this.plan.ids.filter((id) => this.handles.get(id)?.state !== 'ready');
    for (const id of ids) {
      this.#unsettled.add(id);
      this.failures.delete(id);
    }
    const resumable = await this.#resumable(ids);
    if (era !== this.#era) return;
    this.#launcher = new Launcher({ ids, maxConcurrency, isResumable: (id) => resumable.has(id), start: (id) => void this.#start(id, era) });
    this.#launcher.begin();
    this.#settle(null);
  }

  /** A store that is slow costs the order of the start, not the start. */
  async #resumable(ids: readonly number[]): Promise<Set<number>> {
    const { clock, storeTimeoutMs, ledger } = this.#parts;
    const found = new Set<number>();
    const look = async (id: number): Promise<void> => {
      const session = this.handles.get(id)?.session ?? (await ledger.preload(id));
      if (session?.shardCount === this.plan.total && session.shardId === id) found.add(id);
    };
    const late = Promise.withResolvers<void>();
    const timer = clock.setTimeout(late.resolve, storeTimeoutMs);
    await Promise.race([Promise.all(ids.map(look)), late.promise]);
    clock.clearTimeout(timer);
    return new Set(found);
  }

  async #start(shardId: number, era: number): Promise<void> {
    // A listener of the one before may have ended all this.
    if (era !== this.#era) return;
    try {
      await this.handles.get(shardId)?.connect();
    } catch (error) {
      if (era === this.#era && error instanceof GatewayError) this.failures.set(shardId, error);
    }
    if (era !== this.#era) return;
    this.#hadItsTurn(shardId);
    this.#settle(shardId);
  }

  #settle(shardId: number | null): void {
    if (shardId !== null) this.#unsettled.delete(shardId);
    if (this.#unsettled.size === 0) this.#parts.observer.settled(this);
  }

  /** Lets the shards go. Settles when they are; never rejects. */
  async close(closing: DisconnectOptions): Promise<void> {
    this.#stop();
    const gone = [...this.handles.values()].map((handle) => handle.disconnect(closing));
    await Promise.allSettled([...gone, this.ledger.flush()]);
    await this.ledger.flush();
  }

  forceClose(code?: number): void {
    this.#stop();
    for (const handle of this.handles.values()) handle.forceClose(code);
    void this.ledger.flush();
  }

  setPressure(full: boolean): void {
    for (const handle of this.handles.values()) {
      if (full) handle.pause();
      else handle.resume();
    }
  }

  /** Relays `raw` too: a shard to which nobody listens for it need not decode all. */
  hearRaw(): void {
    for (const handle of this.handles.values()) {
      handle.on('raw', (packet) => this.#parts.observer.heard(this, handle.shardId, 'raw', [packet]));
    }
  }

  #stop(): void {
    this.#era += 1;
    this.#launcher = null;
    this.#unsettled.clear();
  }

  #hadItsTurn(shardId: number): void {
    this.#launcher?.hadItsTurn(shardId);
    this.#parts.observer.changed(this);
  }

  #follow(handle: ShardHandle): void {
    const { observer, clock } = this.#parts;
    const { shardId } = handle;
    const row = this.ledger.row(shardId);
    handle.on('dispatch', (dispatch) => observer.dispatched(this, row, dispatch));
    handle.on('ready', () => this.sessionSince.set(shardId, clock.now()));
    handle.on('resumed', () => {
      if (!this.sessionSince.has(shardId)) this.sessionSince.set(shardId, clock.now());
    });
    handle.on('stateChange', ({ to }) => {
      if (to === 'ready') this.#wasReady = true;
      observer.changed(this);
    });
    for (const name of RELAYED) {
      handle.on(name, (...args: readonly unknown[]) => {
        if (name !== 'failed') observer.heard(this, shardId, name, args);
      });
    }
    // A connection that was lost comes back through the gate, which has an order of its own.
    handle.on('disconnected', () => this.#hadItsTurn(shardId));
    handle.on('failed', (error) => this.#failed(shardId, error));
  }

  #failed(shardId: number, error: GatewayError): void {
    this.failures.set(shardId, error);
    this.sessionSince.delete(shardId);
    if (isCommon(error.code, this.#wasReady)) this.#parts.observer.failed(this, error);
    else this.#parts.observer.heard(this, shardId, 'failed', [error]);
  }
}
