/** Shards of one shard count, which are started, counted and let go together. */
import type { GatewayPresenceUpdateData } from 'discord-api-types/v10';
import type { ShardState } from '../../machines/index.ts';
import type { IdentifyGate } from '../identify/identify-gate.ts';
import type { Clock } from '../clock.ts';
import { GatewayError } from '../protocol/errors.ts';
import type { Dispatch } from '../protocol/packets.ts';
import type { DisconnectOptions } from '../shard/close-request.ts';
import { isSharedFailure } from './shared-failures.ts';
import { Launcher } from './start/launcher.ts';
import { FORWARDED_EVENTS } from './manager-events.ts';
import type { BufferedSession, SessionBuffer } from './reshard/session-buffer.ts';
import type { ShardFactory, ShardHandle } from './shard-handle.ts';
import { ManagerIdentifyGate } from './start/manager-identify-gate.ts';

type ForwardedEvent = (typeof FORWARDED_EVENTS)[number] | 'raw';

/** Who is told what becomes of the shards. */
export interface ShardSetObserver {
  onShardEvent(set: ShardSet, shardId: number, name: ForwardedEvent, args: readonly unknown[]): void;
  onDispatch(set: ShardSet, entry: BufferedSession, dispatch: Dispatch): void;
  /** A shard has come to another state, or has had its turn to identify. */
  onShardChange(set: ShardSet): void;
  /** Each shard that was launched is ready or has failed. */
  onSettled(set: ShardSet): void;
  /** A shard has failed for a reason that all share. */
  onSharedFailure(set: ShardSet, error: GatewayError): void;
  onBudgetSpent(retryAfterMs: number): void;
}

export interface ShardSetPlan {
  readonly total: number;
  readonly ids: readonly number[];
  readonly url: string;
  readonly maxConcurrency: number;
  readonly presence: GatewayPresenceUpdateData | undefined;
}

interface ShardSetDependencies {
  readonly clock: Clock;
  readonly createShard: ShardFactory;
  readonly sessionBuffer: SessionBuffer;
  readonly gate: IdentifyGate;
  /** How long the store may take to be asked ahead of the shards. */
  readonly storeTimeoutMs: number;
  readonly rawEnabled: boolean;
  readonly observer: ShardSetObserver;
}

/** A shard in one of these does nothing by itself. */
const STOPPED_STATES: ReadonlySet<ShardState> = new Set(['disconnected', 'failed']);

export class ShardSet {
  readonly plan: ShardSetPlan;
  readonly sessionBuffer: SessionBuffer;
  readonly handles: ReadonlyMap<number, ShardHandle>;
  /** Why shards have failed for good, until they are launched again. */
  readonly failures = new Map<number, GatewayError>();
  /** Since when each has its session, as far as this process knows. */
  readonly sessionSince = new Map<number, number>();
  readonly #dependencies: ShardSetDependencies;
  readonly #unsettled = new Set<number>();
  #launcher: Launcher | null = null;
  /** Grows with each launch and each stop: what was begun before is of no interest any more. */
  #generation = 0;
  #wasReady = false;

  constructor(plan: ShardSetPlan, dependencies: ShardSetDependencies) {
    this.plan = plan;
    this.sessionBuffer = dependencies.sessionBuffer;
    this.#dependencies = dependencies;
    const identifyGate = new ManagerIdentifyGate(dependencies.gate, dependencies.clock, {
      onSent: (shardId) => this.#onIdentified(shardId),
      onBudgetSpent: (retryAfterMs) => dependencies.observer.onBudgetSpent(retryAfterMs),
    });
    const { total: shardCount, url, presence } = plan;
    const sharedConfig = { shardCount, url, presence, identifyGate, sessionStore: dependencies.sessionBuffer };
    this.handles = new Map(
      plan.ids.map((shardId) => [shardId, dependencies.createShard({ ...sharedConfig, shardId })]),
    );
    for (const handle of this.handles.values()) this.#subscribe(handle);
    if (dependencies.rawEnabled) this.enableRaw();
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
  get isQuiescent(): boolean {
    return [...this.handles.values()].every(({ state }) => state === 'ready' || STOPPED_STATES.has(state));
  }

  /** Some shard will do nothing more by itself. */
  get hasStopped(): boolean {
    return [...this.handles.values()].some(({ state }) => STOPPED_STATES.has(state));
  }

  /** Those that have not had their turn to identify. */
  get waiting(): readonly number[] {
    return this.#launcher?.waiting ?? [];
  }

  /** Those that are connected. */
  get readyShards(): ShardHandle[] {
    return [...this.handles.values()].filter(({ state }) => state === 'ready');
  }

  /** Whether this is what a plan asks for, so that it can be launched again. */
  fits({ total, ids, url }: ShardSetPlan): boolean {
    return total === this.plan.total && url === this.plan.url && ids.join() === this.plan.ids.join();
  }

  /** Starts the shards that are not up. */
  launch(maxConcurrency: number): void {
    this.#generation += 1;
    void this.#launch(maxConcurrency, this.#generation);
  }

  async #launch(maxConcurrency: number, generation: number): Promise<void> {
    const ids = this.plan.ids.filter((id) => this.handles.get(id)?.state !== 'ready');
    for (const id of ids) {
      this.#unsettled.add(id);
      this.failures.delete(id);
    }
    const resumable = await this.#findResumable(ids);
    if (generation !== this.#generation) return;
    this.#launcher = new Launcher({
      ids,
      maxConcurrency,
      isResumable: (id) => resumable.has(id),
      start: (id) => void this.#start(id, generation),
    });
    this.#launcher.begin();
    this.#markSettled(null);
  }

  /** A store that is slow costs the order of the start, not the start. */
  async #findResumable(ids: readonly number[]): Promise<Set<number>> {
    const { clock, storeTimeoutMs, sessionBuffer } = this.#dependencies;
    const found = new Set<number>();
    const check = async (id: number): Promise<void> => {
      const session = this.handles.get(id)?.session ?? (await sessionBuffer.preload(id));
      if (session?.shardCount === this.plan.total && session.shardId === id) found.add(id);
    };
    const timeout = Promise.withResolvers<void>();
    const timer = clock.setTimeout(timeout.resolve, storeTimeoutMs);
    await Promise.race([Promise.all(ids.map(check)), timeout.promise]);
    clock.clearTimeout(timer);
    return new Set(found);
  }

  async #start(shardId: number, generation: number): Promise<void> {
    // A listener of the one before may have ended all this.
    if (generation !== this.#generation) return;
    try {
      await this.handles.get(shardId)?.connect();
    } catch (error) {
      if (generation === this.#generation && error instanceof GatewayError) this.failures.set(shardId, error);
    }
    if (generation !== this.#generation) return;
    this.#onIdentified(shardId);
    this.#markSettled(shardId);
  }

  #markSettled(shardId: number | null): void {
    if (shardId !== null) this.#unsettled.delete(shardId);
    if (this.#unsettled.size === 0) this.#dependencies.observer.onSettled(this);
  }

  /** Lets the shards go. Settles when they are; never rejects. */
  async close(closeRequest: DisconnectOptions): Promise<void> {
    this.#stop();
    const closed = [...this.handles.values()].map((handle) => handle.disconnect(closeRequest));
    await Promise.allSettled([...closed, this.sessionBuffer.flush()]);
    await this.sessionBuffer.flush();
  }

  forceClose(code?: number): void {
    this.#stop();
    for (const handle of this.handles.values()) handle.forceClose(code);
    void this.sessionBuffer.flush();
  }

  setBackPressure(full: boolean): void {
    for (const handle of this.handles.values()) {
      if (full) handle.pauseReading();
      else handle.resumeReading();
    }
  }

  /** Relays `raw` too: a shard to which nobody listens for it need not decode all. */
  enableRaw(): void {
    for (const handle of this.handles.values()) {
      handle.on('raw', (packet) => this.#dependencies.observer.onShardEvent(this, handle.shardId, 'raw', [packet]));
    }
  }

  #stop(): void {
    this.#generation += 1;
    this.#launcher = null;
    this.#unsettled.clear();
  }

  #onIdentified(shardId: number): void {
    this.#launcher?.onIdentified(shardId);
    this.#dependencies.observer.onShardChange(this);
  }

  #subscribe(handle: ShardHandle): void {
    const { observer, clock } = this.#dependencies;
    const { shardId } = handle;
    const entry = this.sessionBuffer.entry(shardId);
    handle.on('dispatch', (dispatch) => observer.onDispatch(this, entry, dispatch));
    handle.on('ready', () => this.sessionSince.set(shardId, clock.now()));
    handle.on('resumed', () => {
      if (!this.sessionSince.has(shardId)) this.sessionSince.set(shardId, clock.now());
    });
    handle.on('stateChange', ({ to }) => {
      if (to === 'ready') this.#wasReady = true;
      observer.onShardChange(this);
    });
    for (const name of FORWARDED_EVENTS) {
      handle.on(name, (...args: readonly unknown[]) => {
        if (name !== 'failed') observer.onShardEvent(this, shardId, name, args);
      });
    }
    // A connection that was lost comes back through the gate, which has an order of its own.
    handle.on('disconnected', () => this.#onIdentified(shardId));
    handle.on('failed', (error) => this.#onFailed(shardId, error));
  }

  #onFailed(shardId: number, error: GatewayError): void {
    this.failures.set(shardId, error);
    this.sessionSince.delete(shardId);
    if (isSharedFailure(error.code, this.#wasReady)) this.#dependencies.observer.onSharedFailure(this, error);
    else this.#dependencies.observer.onShardEvent(this, shardId, 'failed', [error]);
  }
}
