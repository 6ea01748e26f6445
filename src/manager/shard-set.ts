/** The shards of one shard count, which the manager starts, counts and closes together. */
import type { GatewayPresenceUpdateData } from 'discord-api-types/v10';
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
import { FORWARDED_EVENTS } from './manager-events.ts';
import type { BufferedSession, PendingDispatches, SessionBuffer } from './reshard/session-buffer.ts';
import { STOPPED_STATES } from './shard-handle.ts';
import type { ShardConfig, ShardFactory, ShardHandle } from './shard-handle.ts';
import type { SessionClaims } from './start/session-claims.ts';
import { SetLaunch } from './start/set-launch.ts';
import { ShardClaim } from './start/shard-claim.ts';
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
  /** Called when no other process has the shards, and before one of them is started. */
  readonly onClaimed: () => void;
  readonly observer: ShardSetObserver;
}

export class ShardSet {
  readonly plan: ShardSetPlan;
  readonly sessionBuffer: SessionBuffer;
  /** The errors of failed shards, by shard id, until these are launched again. */
  readonly failures = new Map<number, GatewayError>();
  /** Since when this process has known each shard's session, by shard id. */
  readonly sessionSince = new Map<number, number>();
  readonly #dependencies: ShardSetDependencies;
  readonly #handles = new Map<number, ShardHandle>();
  readonly #launch: SetLaunch;
  readonly #sharedConfig: Omit<ShardConfig, 'shardId' | 'claim'>;
  /** Shards that wait for room in the buffers of `dispatches()`. */
  readonly #away = new Set<number>();
  #rawEnabled: boolean;
  #maxConcurrency: number;
  #wasReady = false;

  constructor(plan: ShardSetPlan, dependencies: ShardSetDependencies) {
    this.plan = plan;
    this.sessionBuffer = dependencies.sessionBuffer;
    this.#dependencies = dependencies;
    const identifyGate = new ManagerIdentifyGate(dependencies.gate, dependencies, {
      onSent: (shardId) => this.#launch.onIdentified(shardId),
      onBudgetSpent: (retryAfterMs) => dependencies.observer.onBudgetSpent(retryAfterMs),
      onPermitFailed: (shardId, cause) =>
        dependencies.observer.onShardEvent(this, shardId, 'fault', [permitFailedError(cause)]),
    });
    const { total: shardCount, url, presence } = plan;
    this.#sharedConfig = { shardCount, url, presence, identifyGate, sessionStore: dependencies.sessionBuffer };
    this.#rawEnabled = dependencies.rawEnabled;
    this.#maxConcurrency = plan.maxConcurrency;
    this.#launch = new SetLaunch({
      ...dependencies,
      handles: this.#handles,
      onFailed: (shardId, error) => this.failures.set(shardId, error),
      onTurn: () => dependencies.observer.onShardChange(this),
      onSettled: () => dependencies.observer.onSettled(this),
      onInUse: (error) => dependencies.observer.onSharedFailure(this, error),
    });
    for (const shardId of plan.ids) this.#create(shardId, presence);
  }

  /** The shards, by id. With a cluster they come and go. */
  get handles(): ReadonlyMap<number, ShardHandle> {
    return this.#handles;
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

  /** The shards that have not stopped. */
  get runningIds(): ReadonlySet<number> {
    return new Set(
      [...this.handles.values()].filter(({ state }) => !STOPPED_STATES.has(state)).map(({ shardId }) => shardId),
    );
  }

  /** The shards that have not had their turn to identify. */
  get waiting(): readonly number[] {
    return this.#launch.waiting;
  }

  get readyShards(): ShardHandle[] {
    return [...this.handles.values()].filter(({ state }) => state === 'ready');
  }

  /** Whether this set is what a plan asks for, so that it can be launched again. */
  fits({ total, ids, url }: ShardSetPlan): boolean {
    return total === this.plan.total && url === this.plan.url && ids.join() === this.plan.ids.join();
  }

  /** Whether each shard that was started is ready or has failed. */
  get isSettled(): boolean {
    return this.#launch.isSettled;
  }

  /** Starts the shards that are not ready. */
  launch(maxConcurrency: number): void {
    this.#maxConcurrency = maxConcurrency;
    this.sessionBuffer.start();
    const shards = [...this.handles.values()].filter(({ state }) => state !== 'ready');
    for (const { shardId } of shards) this.failures.delete(shardId);
    void this.#launch.begin(shards, maxConcurrency);
  }

  /** Creates one more shard, and starts it. */
  add(shardId: number, presence: GatewayPresenceUpdateData | undefined): ShardHandle {
    const handle = this.#create(shardId, presence);
    void this.#launch.add(handle, this.#maxConcurrency);
    return handle;
  }

  /** Disconnects a shard, also one that is being started. Returns the function that connects it again. */
  interrupt(handle: ShardHandle): () => void {
    this.#launch.interrupt(handle.shardId);
    void handle.disconnect().catch(() => undefined);
    return () => this.#launch.restart(handle);
  }

  /** Closes a shard and removes it. Resolves when its session is written; never rejects. */
  async remove(shardId: number, closeRequest: DisconnectOptions, pending: PendingDispatches): Promise<void> {
    const handle = this.handles.get(shardId);
    if (handle === undefined) return;
    this.#launch.remove(shardId);
    await Promise.allSettled([handle.disconnect(closeRequest)]);
    await this.sessionBuffer.release(shardId, pending);
    this.#forget(handle);
  }

  /** Closes a shard at once and removes it. Its session belongs to another process. */
  drop(shardId: number): void {
    const handle = this.handles.get(shardId);
    if (handle === undefined) return;
    this.#launch.remove(shardId);
    handle.forceClose();
    void this.sessionBuffer.release(shardId, 'drop');
    this.#forget(handle);
  }

  /** Disconnects the shards. Resolves when they are closed and their sessions written; never rejects. */
  async close(closeRequest: DisconnectOptions): Promise<void> {
    this.#launch.stop();
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
    this.#launch.stop();
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
    this.handles.get(shardId)?.setBufferFull('bufferFull');
  }

  onRoom(): void {
    const away = [...this.#away];
    this.#away.clear();
    for (const id of away) this.handles.get(id)?.setBufferFull(null);
  }

  /** Forwards `raw` too. Only now: a shard without a listener for it need not decode every packet. */
  enableRaw(): void {
    this.#rawEnabled = true;
    for (const handle of this.handles.values()) this.#forwardRaw(handle);
  }

  #create(shardId: number, presence: GatewayPresenceUpdateData | undefined): ShardHandle {
    const { claims, createShard } = this.#dependencies;
    const isWriting = (): boolean => this.sessionBuffer.isWriting && !this.#launch.isStarting(shardId);
    const claim = new ShardClaim({ shardId, claims, isWriting });
    const handle = createShard({ ...this.#sharedConfig, presence, shardId, claim });
    this.#handles.set(shardId, handle);
    this.#subscribe(handle);
    if (this.#rawEnabled) this.#forwardRaw(handle);
    return handle;
  }

  #forget(handle: ShardHandle): void {
    const { shardId } = handle;
    // The shard may have come back meanwhile, as another one.
    if (this.#handles.get(shardId) !== handle) return;
    this.#handles.delete(shardId);
    this.failures.delete(shardId);
    this.sessionSince.delete(shardId);
    this.#away.delete(shardId);
  }

  #forwardRaw(handle: ShardHandle): void {
    handle.on('raw', (packet) => this.#dependencies.observer.onShardEvent(this, handle.shardId, 'raw', [packet]));
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
    handle.on('disconnected', () => this.#launch.onIdentified(shardId));
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
