/** Starts the shards of a set: claims their sessions, starts each in its turn, and says when all are ready or have failed. */
import { GatewayError } from '../../protocol/errors.ts';
import type { ShardHandle } from '../shard-handle.ts';
import { Launcher } from './launcher.ts';
import { findResumable } from './resumable-shards.ts';
import type { ResumableShardsOptions } from './resumable-shards.ts';
import type { SessionClaims } from './session-claims.ts';

interface SetLaunchOptions extends ResumableShardsOptions {
  readonly claims: SessionClaims;
  /** The shards of the set. */
  readonly handles: ReadonlyMap<number, ShardHandle>;
  /** Called when no other process has the shards, and before one of them is started. */
  onClaimed(): void;
  /** Called when a shard that was started has failed. */
  onFailed(shardId: number, error: GatewayError): void;
  /** Called when a shard may have had its turn to identify. */
  onTurn(): void;
  /** Called when each shard that was started is ready or has failed. */
  onSettled(): void;
  /** Called when another process has the sessions. */
  onInUse(error: GatewayError): void;
}

/** A shard rejects with no other error; one of our own must not look like a shard that is ready. */
const startErrorOf = (cause: unknown): GatewayError =>
  cause instanceof GatewayError
    ? cause
    : new GatewayError('INTERNAL_ERROR', 'the shard could not be started', { cause });

export class SetLaunch {
  readonly #options: SetLaunchOptions;
  readonly #unsettled = new Set<number>();
  #launcher: Launcher | null = null;
  /** The latest attempt to start each shard. One that was interrupted is not judged. */
  readonly #attempts = new Map<number, symbol>();
  /** The shard that a launch connects at this moment: its session was claimed before. */
  #starting: number | null = null;
  /** Grows with each launch and each stop, so that an earlier launch can notice that it is outdated. */
  #generation = 0;

  constructor(options: SetLaunchOptions) {
    this.#options = options;
  }

  /** The shards that have not had their turn to identify. */
  get waiting(): readonly number[] {
    return this.#launcher?.waiting ?? [];
  }

  /** Whether each shard that was started is ready or has failed. */
  get isSettled(): boolean {
    return this.#unsettled.size === 0;
  }

  /** Whether a launch connects this shard at this moment. */
  isStarting(shardId: number): boolean {
    return this.#starting === shardId;
  }

  /** Starts shards, and forgets an earlier launch. */
  async begin(shards: readonly ShardHandle[], maxConcurrency: number): Promise<void> {
    this.#generation += 1;
    const generation = this.#generation;
    const { claims, sessionBuffer } = this.#options;
    const ids = shards.map(({ shardId }) => shardId);
    for (const id of ids) this.#unsettled.add(id);
    // The set of a reshard claims when it takes over; but after a stop it starts like any other.
    const inUse = sessionBuffer.isWriting ? await claims.claim(ids) : null;
    if (generation !== this.#generation) return;
    if (inUse !== null) return this.#options.onInUse(inUse);
    this.#options.onClaimed();
    const resumable = await findResumable(shards, this.#options);
    if (generation !== this.#generation) return;
    this.#launcher = this.#createLauncher(ids, resumable, maxConcurrency);
    this.#launcher.begin();
    this.#markSettled(null);
  }

  /** Starts one more shard. Its session is claimed already. */
  async add(shard: ShardHandle, maxConcurrency: number): Promise<void> {
    const { shardId } = shard;
    const generation = this.#generation;
    this.#unsettled.add(shardId);
    const resumable = await findResumable([shard], this.#options);
    if (generation !== this.#generation || !this.#unsettled.has(shardId)) return;
    this.#launcher ??= this.#createLauncher([], resumable, maxConcurrency);
    this.#launcher.add(shardId, resumable.has(shardId));
  }

  /** A shard is stopped for a moment. If it is being started, this is no failure: {@link restart} goes on with it. */
  interrupt(shardId: number): void {
    this.#attempts.delete(shardId);
  }

  /** Starts a shard again that was interrupted. */
  restart(shard: ShardHandle): void {
    void this.#start(shard, shard.shardId, this.#generation);
  }

  /** A shard is not wanted any more. */
  remove(shardId: number): void {
    this.#launcher?.remove(shardId);
    if (this.#unsettled.has(shardId)) this.#markSettled(shardId);
  }

  /** Starts no further shard. */
  stop(): void {
    this.#generation += 1;
    this.#options.claims.stop();
    this.#launcher = null;
    this.#unsettled.clear();
  }

  /** A shard has had its turn to identify. */
  onIdentified(shardId: number): void {
    this.#launcher?.onIdentified(shardId);
    this.#options.onTurn();
  }

  #createLauncher(ids: readonly number[], resumable: ReadonlySet<number>, maxConcurrency: number): Launcher {
    const generation = this.#generation;
    const { handles } = this.#options;
    return new Launcher({
      ids,
      maxConcurrency,
      isResumable: (id) => resumable.has(id),
      start: (id) => void this.#start(handles.get(id), id, generation),
    });
  }

  async #start(shard: ShardHandle | undefined, shardId: number, generation: number): Promise<void> {
    // A listener may have stopped the set while the shard before this one was started.
    if (generation !== this.#generation) return;
    const attempt = Symbol('attempt');
    const isOutdated = (): boolean => generation !== this.#generation || this.#attempts.get(shardId) !== attempt;
    this.#attempts.set(shardId, attempt);
    try {
      await this.#connect(shard, shardId);
    } catch (error) {
      if (!isOutdated() && this.#options.handles.get(shardId) === shard)
        this.#options.onFailed(shardId, startErrorOf(error));
    }
    if (isOutdated()) return;
    this.#attempts.delete(shardId);
    this.onIdentified(shardId);
    this.#markSettled(shardId);
  }

  #connect(shard: ShardHandle | undefined, shardId: number): Promise<void> | undefined {
    this.#starting = shardId;
    try {
      return shard?.connect();
    } finally {
      this.#starting = null;
    }
  }

  #markSettled(shardId: number | null): void {
    if (shardId !== null) this.#unsettled.delete(shardId);
    if (this.#unsettled.size === 0) this.#options.onSettled();
  }
}
