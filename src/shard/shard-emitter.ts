/** The emitter of a shard, which also publishes events on the diagnostics channel `shardwright:shard`. */
import { shardChannel } from '../protocol/telemetry.ts';
import type { ShardTelemetry } from '../protocol/telemetry.ts';
import { Emitter } from './emitter.ts';
import type { Listener } from './emitter.ts';
import type { Dispatch, Packet } from '../protocol/packets.ts';
import { SHARD_EVENT_NAMES } from './shard-events.ts';
import type { ListenerWatch } from './listener-watch.ts';
import type { ShardEvents } from './shard-events.ts';

type TelemetryMappers = {
  readonly [Name in keyof ShardEvents]?: (shardId: number, ...args: ShardEvents[Name]) => ShardTelemetry;
};

/** The message that each event publishes. Events without an entry are not published. */
const TELEMETRY_BY_EVENT: TelemetryMappers = {
  stateChange: (shardId, { from, to }) => ({ event: 'stateChange', shardId, from, to }),
  // Data from Discord has not been validated.
  ready: (shardId, { guilds }) => ({ event: 'ready', shardId, guilds: Array.isArray(guilds) ? guilds.length : 0 }),
  resumed: (shardId, { replayed }) => ({ event: 'resumed', shardId, replayed }),
  disconnected: (shardId, { code, initiator, willReconnect, willResume }) => ({
    event: 'disconnected',
    shardId,
    code,
    initiator,
    willReconnect,
    willResume,
  }),
  heartbeat: (shardId, { latency }) => ({ event: 'heartbeat', shardId, latencyMs: latency }),
  lagged: (shardId, { lateMs }) => ({ event: 'lagged', shardId, lateMs }),
  rateLimited: (shardId, { opcode, retryAfter }) => ({
    event: 'rateLimited',
    shardId,
    opcode,
    retryAfterMs: retryAfter * 1000,
  }),
  fault: (shardId, { code }) => ({ event: 'fault', shardId, code }),
  failed: (shardId, { code }) => ({ event: 'failed', shardId, code }),
};

/** Publishes an event on the channel. For a shard in a worker thread, the main thread calls it. */
export function publishShardEvent<Name extends keyof ShardEvents>(
  shardId: number,
  name: Name,
  args: ShardEvents[Name],
): void {
  if (!shardChannel.hasSubscribers) return;
  const toTelemetry = TELEMETRY_BY_EVENT[name];
  if (toTelemetry !== undefined) shardChannel.publish(toTelemetry(shardId, ...args));
}

export class ShardEmitter extends Emitter<ShardEvents> {
  readonly #shardId: number;
  readonly #watch: ListenerWatch;
  /** The listeners of the most frequent events, so that they are not looked up for each. */
  #onRaw: readonly Listener[] = [];
  #onDispatch: readonly Listener[] = [];

  constructor(shardId: number, onThrow: (name: string, cause: unknown) => void, watch: ListenerWatch) {
    super(onThrow, SHARD_EVENT_NAMES);
    this.#shardId = shardId;
    this.#watch = watch;
  }

  override emit<Name extends keyof ShardEvents>(name: Name, ...args: ShardEvents[Name]): void {
    publishShardEvent(this.#shardId, name, args);
    if (!this.has(name)) return;
    const { clock } = this.#watch;
    const startedAt = clock.now();
    super.emit(name, ...args);
    this.#watch.endCall(name, startedAt, clock.now());
  }

  override on<Name extends keyof ShardEvents>(name: Name, listener: (...args: ShardEvents[Name]) => unknown): void {
    super.on(name, listener);
    this.#updateLists();
  }

  override off<Name extends keyof ShardEvents>(name: Name, listener: (...args: ShardEvents[Name]) => unknown): void {
    super.off(name, listener);
    this.#updateLists();
  }

  get hasRaw(): boolean {
    return this.#onRaw.length > 0;
  }

  get hasDispatch(): boolean {
    return this.#onDispatch.length > 0;
  }

  /** Emits `raw`, which is too frequent to be published. */
  emitRaw(packet: Packet): void {
    if (this.#onRaw.length > 0) this.emitTo(this.#onRaw, 'raw', packet);
  }

  /** Emits `dispatch`, which is too frequent to be published. */
  emitDispatch(dispatch: Dispatch): void {
    this.emitTo(this.#onDispatch, 'dispatch', dispatch);
  }

  #updateLists(): void {
    this.#onRaw = this.listenersOf('raw');
    this.#onDispatch = this.listenersOf('dispatch');
  }
}
