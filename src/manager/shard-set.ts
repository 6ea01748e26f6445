/** The shards of one shard count, which the manager starts, counts and closes together. */
import type { GatewayPresenceUpdateData } from 'discord-api-types/v10';
import type { ShardState } from '../../machines/index.ts';
import { permitFailedError } from '../identify/identify-gate.ts';
import type { IdentifyGate } from '../identify/identify-gate.ts';
import type { StartGuard } from '../identify/start-guard.ts';
import type { Clock } from '../clock.ts';
import { GatewayError } from '../protocol/errors.ts';
import type { Dispatch } from '../protocol/packets.ts';
import { waitAtMost } from '../protocol/wait-at-most.ts';
import type { SessionOrigin } from '../session/session-origin.ts';
import type { DisconnectOptions } from '../shard/close-request.ts';
import { isSharedFailure } from './shared-failures.ts';
import { Launcher } from './start/launcher.ts';
import { FORWARDED_EVENTS } from './manager-events.ts';
import type { BufferedSession, SessionBuffer } from './reshard/session-buffer.ts';
import type { ShardFactory, ShardHandle } from './shard-handle.ts';
import type { SessionClaims } from './start/session-claims.ts';
import { ManagerIdentifyGate } from './start/manager-identify-gate.ts';

export type ForwardedEvent = (typeof FORWARDED_EVENTS)[number] | 'raw';

export interface ShardSetObserver {
  onShardEvent(set: ShardSet, shardId: number, name: ForwardedEvent, args: readonly unknown[]): void;
  onDispatch(set: ShardSet, entry: BufferedSession, dispatch: Dispatch): void;
  /** Called when a shard has changed its state, or has had its turn to identify. */
  onShardChange(set: ShardSet): void;
  /** Called when each launched shard is ready or has failed. */
  onSettled(set: ShardSet): void;
  /** Called when a shard has failed for a reason that all shards share. */
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
  /** What a session in the store must belong to, so that a shard resumes it. */
  readonly origin: SessionOrigin;
  /** Not used by a set that is not in service: it stores nothing. */
  readonly claims: SessionClaims;
  readonly gate: IdentifyGate;
  readonly startGuard: StartGuard;
  /** How long to wait for the sessions in the store before the start. */
  readonly storeTimeoutMs: number;
  readonly rawEnabled: boolean;
  readonly observer: ShardSetObserver;
}

/** A shard rejects with no other error; one of our own must not look like a shard that is ready. */
const startErrorOf = (cause: unknown): GatewayError =>
  cause instanceof GatewayError
    ? cause
    : new GatewayError('INTERNAL_ERROR', 'the shard could not be started', { cause });

/** A shard in one of these states stays in it until `connect()` is called. */
const STOPPED_STATES: ReadonlySet<ShardState> = new Set(['disconnected', 'failed']);

export class ShardSet {
  readonly plan: ShardSetPlan;
  readonly sessionBuffer: SessionBuffer;
  readonly handles: ReadonlyMap<number, ShardHandle>;
  /** The errors of failed shards, by shard id, until these are launched again. */
  readonly failures = new Map<number, GatewayError>();
  /** Since when this process has known each shard's session, by shard id. */
  readonly sessionSince = new Map<number, number>();
  readonly #dependencies: ShardSetDependencies;
  readonly #unsettled = new Set<number>();
  /** Shards that wait for room in the buffers of `dispatches()`. */
  readonly #away = new Set<number>();
  #launcher: Launcher | null = null;
  /** Grows with each launch and each stop, so that an earlier launch can notice that it is outdated. */
  #generation = 0;
  #wasReady = false;

  constructor(plan: ShardSetPlan, dependencies: ShardSetDependencies) {
    this.plan = plan;
    this.sessionBuffer = dependencies.sessionBuffer;
    this.#dependencies = dependencies;
    const identifyGate = new ManagerIdentifyGate(dependencies.gate, dependencies, {
      onSent: (shardId) => this.#onIdentified(shardId),
      onBudgetSpent: (retryAfterMs) => dependencies.observer.onBudgetSpent(retryAfterMs),
      onPermitFailed: (shardId, cause) =>
        dependencies.observer.onShardEvent(this, shardId, 'fault', [permitFailedError(cause)]),
    });
    const { total: shardCount, url, presence } = plan;
    const sharedConfig = { shardCount, url, presence, identifyGate, sessionStore: dependencies.sessionBuffer };
    this.handles = new Map(
      plan.ids.map((shardId) => {
        const onReconnect = (): void => this.#onReconnect(shardId);
        return [shardId, dependencies.createShard({ ...sharedConfig, shardId, onReconnect })];
      }),
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

  /** Whether every shard is ready or has stopped. */
  get isQuiescent(): boolean {
    return [...this.handles.values()].every(({ state }) => state === 'ready' || STOPPED_STATES.has(state));
  }

  /** Whether some shard has stopped. */
  get hasStopped(): boolean {
    return [...this.handles.values()].some(({ state }) => STOPPED_STATES.has(state));
  }

  /** The shards that have not had their turn to identify. */
  get waiting(): readonly number[] {
    return this.#launcher?.waiting ?? [];
  }

  get readyShards(): ShardHandle[] {
    return [...this.handles.values()].filter(({ state }) => state === 'ready');
  }

  /** Whether this set is what a plan asks for, so that it can be launched again. */
  fits({ total, ids, url }: ShardSetPlan): boolean {
    return total === this.plan.total && url === this.plan.url && ids.join() === this.plan.ids.join();
  }

  /** Starts the shards that are not ready. */
  launch(maxConcurrency: number): void {
    this.#generation += 1;
    this.sessionBuffer.start();
    void this.#launch(maxConcurrency, this.#generation);
  }

  async #launch(maxConcurrency: number, generation: number): Promise<void> {
    const ids = this.plan.ids.filter((id) => this.handles.get(id)?.state !== 'ready');
    for (const id of ids) {
      this.#unsettled.add(id);
      this.failures.delete(id);
    }
    const { claims } = this.#dependencies;
    // The set of a reshard claims when it takes over; but after a stop it starts like any other.
    const inUse = this.sessionBuffer.isWriting ? await claims.claim(ids) : null;
    if (generation !== this.#generation) return;
    if (inUse !== null) return this.#dependencies.observer.onSharedFailure(this, inUse);
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

  /** Looks for stored sessions. With a slow store the order of the start suffers, but not the start. */
  async #findResumable(ids: readonly number[]): Promise<Set<number>> {
    const { clock, storeTimeoutMs, sessionBuffer, origin } = this.#dependencies;
    const found = new Set<number>();
    const check = async (id: number): Promise<void> => {
      const session = this.handles.get(id)?.session ?? (await sessionBuffer.preload(id));
      if (session !== null && origin.accepts(session, id, this.plan.total)) found.add(id);
    };
    await waitAtMost(clock, storeTimeoutMs, Promise.all(ids.map(check)));
    // A copy: an answer that is late must not change the order any more.
    return new Set(found);
  }

  async #start(shardId: number, generation: number): Promise<void> {
    // A listener may have stopped the set while the shard before this one was started.
    if (generation !== this.#generation) return;
    try {
      await this.handles.get(shardId)?.connect();
    } catch (error) {
      if (generation === this.#generation) this.failures.set(shardId, startErrorOf(error));
    }
    if (generation !== this.#generation) return;
    this.#onIdentified(shardId);
    this.#markSettled(shardId);
  }

  #markSettled(shardId: number | null): void {
    if (shardId !== null) this.#unsettled.delete(shardId);
    if (this.#unsettled.size === 0) this.#dependencies.observer.onSettled(this);
  }

  /** Disconnects the shards. Resolves when they are closed and their sessions written; never rejects. */
  async close(closeRequest: DisconnectOptions): Promise<void> {
    this.#stop();
    const closed = [...this.handles.values()].map((handle) => handle.disconnect(closeRequest));
    await Promise.allSettled([...closed, this.sessionBuffer.stop()]);
    await this.sessionBuffer.stop();
  }

  /** Gives the calls under way `timeoutMs`, then closes the shards and ends their sessions. Never rejects. */
  async retire(timeoutMs: number): Promise<void> {
    const { clock } = this.#dependencies;
    const closeShard = async (handle: ShardHandle): Promise<void> => {
      if (timeoutMs > 0) await waitAtMost(clock, timeoutMs, handle.settled());
      await handle.disconnect({ session: 'discard' });
    };
    await Promise.allSettled([...this.handles.values()].map(closeShard));
    await this.close({ session: 'discard' });
  }

  forceClose(code?: number): void {
    this.#stop();
    for (const handle of this.handles.values()) handle.forceClose(code);
    void this.sessionBuffer.stop();
  }

  setBackPressure(full: boolean): void {
    for (const handle of this.handles.values()) {
      if (full) handle.pauseReading();
      else handle.resumeReading();
    }
  }

  leave(shardId: number): void {
    this.#away.add(shardId);
    this.handles.get(shardId)?.setBufferFull(true);
  }

  onRoom(): void {
    const away = [...this.#away];
    this.#away.clear();
    for (const id of away) this.handles.get(id)?.setBufferFull(false);
  }

  /** Forwards `raw` too. Only now: a shard without a listener for it need not decode every packet. */
  enableRaw(): void {
    for (const handle of this.handles.values()) {
      handle.on('raw', (packet) => this.#dependencies.observer.onShardEvent(this, handle.shardId, 'raw', [packet]));
    }
  }

  #stop(): void {
    this.#generation += 1;
    this.#dependencies.claims.stop();
    this.#launcher = null;
    this.#unsettled.clear();
  }

  #onReconnect(shardId: number): void {
    // A set that is not in service writes nothing, and has no claims.
    if (this.sessionBuffer.isWriting) this.#dependencies.claims.takeOver(shardId);
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
    // Emitted before READY itself, as a dispatch.
    handle.on('ready', () => {
      entry.begin(handle.session);
      this.sessionSince.set(shardId, clock.now());
    });
    handle.on('resumed', () => {
      if (!this.sessionSince.has(shardId)) this.sessionSince.set(shardId, clock.now());
    });
    handle.on('stateChange', ({ to }) => {
      if (to === 'ready') this.#wasReady = true;
      // Before your listeners hear of it: one may stop the manager, which would hide why it failed.
      if (to === 'failed' && handle.failure !== null) this.#onFailed(shardId, handle.failure);
      observer.onShardChange(this);
    });
    for (const name of FORWARDED_EVENTS) {
      handle.on(name, (...args: readonly unknown[]) => {
        if (name !== 'failed') observer.onShardEvent(this, shardId, name, args);
      });
    }
    // A shard that lost its connection queues at the identify gate; the buckets behind it need not wait.
    handle.on('disconnected', () => this.#onIdentified(shardId));
    handle.on('failed', (error) => {
      // A failed shard may fail again, without another state.
      if (this.failures.get(shardId) !== error) this.#onFailed(shardId, error);
      if (!isSharedFailure(error.code, this.#wasReady)) observer.onShardEvent(this, shardId, 'failed', [error]);
    });
  }

  #onFailed(shardId: number, error: GatewayError): void {
    this.failures.set(shardId, error);
    this.sessionSince.delete(shardId);
    if (isSharedFailure(error.code, this.#wasReady)) this.#dependencies.observer.onSharedFailure(this, error);
  }
}
