/** A shard in the manager's own thread. */
import type { GatewayRequestGuildMembersData } from 'discord-api-types/v10';
import type { AwayReason, ShardState } from '../../machines/index.ts';
import type { GatewayError } from '../protocol/errors.ts';
import type { SendPayload } from '../protocol/packets.ts';
import type { Session } from '../session/session.ts';
import { callOptionsError } from '../protocol/call-options.ts';
import { Shard } from '../shard.ts';
import type { DisconnectOptions } from '../shard/close-request.ts';
import { CommandSender } from '../shard/command-sender.ts';
import type { SendOptions } from '../shard/command-sender.ts';
import type { GuildMembers, RequestOptions } from '../shard/guild-member-requests.ts';
import { observersOf } from '../shard/inspected-shard.ts';
import type { InspectedShard } from '../shard/inspected-shard.ts';
import type { RefusedPresence } from '../shard/refused-payload.ts';
import { shardControlOf } from '../shard/shard-control.ts';
import type { ShardEvents } from '../shard/shard-events.ts';
import type { ShardOptions } from '../shard/shard-options.ts';
import { shardObserver } from './inspected-manager.ts';
import type { ShardHandle, ShardHealth } from './shard-handle.ts';
import type { ShardClaim } from './start/shard-claim.ts';

export class LocalShard extends CommandSender implements ShardHandle {
  readonly #shard: Shard;
  readonly #claim: ShardClaim | null;
  readonly #pending = new Set<Promise<unknown>>();

  /** The inspector's view of the shard; `null` without an observer. */
  inspected: InspectedShard | null = null;

  /** @param claim - `null` in a worker thread: the manager claims the session before it calls */
  constructor({ inspect, ...options }: ShardOptions, claim: ShardClaim | null = null) {
    super();
    this.#claim = claim;
    const attach = (shard: InspectedShard): void => void (this.inspected = shard);
    this.#shard = new Shard(
      inspect === undefined
        ? options
        : { ...options, inspect: [{ attach }, ...observersOf(inspect).map(shardObserver)] },
    );
  }

  get shardId(): number {
    return this.#shard.shardId;
  }

  get shardCount(): number {
    return this.#shard.shardCount;
  }

  get state(): ShardState {
    return this.#shard.state;
  }

  get failure(): GatewayError | null {
    return this.#shard.failure;
  }

  get session(): Session | null {
    return this.#shard.session;
  }

  get ping(): number | null {
    return this.#shard.ping;
  }

  get health(): ShardHealth {
    return this.#shard.health;
  }

  get pendingSends(): number {
    return this.#shard.pendingSends;
  }

  connect(options?: { signal?: AbortSignal }): Promise<void> {
    const connect = (): Promise<void> => this.#shard.connect(options);
    // The shard says what is wrong with the options.
    if (this.#claim === null || callOptionsError('connect()', options) !== null) return connect();
    return this.#claim.connect(options?.signal, connect);
  }

  disconnect(options?: DisconnectOptions): Promise<void> {
    this.#claim?.stop();
    return this.#shard.disconnect(options);
  }

  forceClose(code?: number): void {
    this.#claim?.stop();
    this.#shard.forceClose(code);
  }

  reconnect(): Promise<void> {
    this.#claim?.takeOver();
    return this.#shard.reconnect();
  }

  override send(payload: SendPayload, options?: SendOptions): Promise<void> {
    return this.#track(this.#shard.send(payload, options));
  }

  requestGuildMembers(request: GatewayRequestGuildMembersData, options?: RequestOptions): Promise<GuildMembers> {
    return this.#track(this.#shard.requestGuildMembers(request, options));
  }

  heartbeat(): Promise<number> {
    return this.#shard.heartbeat();
  }

  /** A heartbeat that is already under way proves nothing: its ACK may come before events sent by now. */
  async barrier(): Promise<void> {
    if (this.#shard.heartbeatAcknowledged === false) await this.#shard.heartbeat();
    await this.#shard.heartbeat();
  }

  async settled(): Promise<void> {
    while (this.#pending.size > 0) await Promise.allSettled(this.#pending);
  }

  pauseReading(): void {
    shardControlOf(this.#shard).backPressure.pause();
  }

  resumeReading(): void {
    shardControlOf(this.#shard).backPressure.resume();
  }

  setBufferFull(because: AwayReason | null): void {
    shardControlOf(this.#shard).backPressure.setFull(because);
  }

  dropPresence(presence: RefusedPresence): void {
    shardControlOf(this.#shard).dropPresence(presence);
  }

  markOutdated(): void {
    shardControlOf(this.#shard).markOutdated();
  }

  rewind(sequence: number): void {
    const { session } = this.#shard;
    if (session !== null) void this.#shard.resume({ ...session, sequence });
  }

  on<Name extends keyof ShardEvents>(name: Name, listener: (...args: ShardEvents[Name]) => unknown): this {
    this.#shard.on(name, listener);
    return this;
  }

  off<Name extends keyof ShardEvents>(name: Name, listener: (...args: ShardEvents[Name]) => unknown): this {
    this.#shard.off(name, listener);
    return this;
  }

  #track<T>(promise: Promise<T>): Promise<T> {
    this.#pending.add(promise);
    void promise.catch(() => undefined).finally(() => this.#pending.delete(promise));
    return promise;
  }
}
