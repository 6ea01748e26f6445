/** A shard in the manager's own thread. */
import type { GatewayRequestGuildMembersData } from 'discord-api-types/v10';
import type { ShardState } from '../../machines/index.ts';
import type { GatewayError } from '../protocol/errors.ts';
import type { SendPayload } from '../protocol/packets.ts';
import type { Session } from '../session/session.ts';
import { Shard } from '../shard.ts';
import { readingControlOf } from '../shard/back-pressure.ts';
import type { DisconnectOptions } from '../shard/close-request.ts';
import { CommandSender } from '../shard/command-sender.ts';
import type { SendOptions } from '../shard/command-sender.ts';
import type { GuildMembers, RequestOptions } from '../shard/guild-member-requests.ts';
import { observersOf } from '../shard/inspected-shard.ts';
import type { InspectedShard } from '../shard/inspected-shard.ts';
import type { ShardEvents } from '../shard/shard-events.ts';
import type { ShardOptions } from '../shard/shard-options.ts';
import { shardObserver } from './inspected-manager.ts';
import type { ShardHandle, ShardHealth } from './shard-handle.ts';

export class LocalShard extends CommandSender implements ShardHandle {
  readonly #shard: Shard;
  readonly #onReconnect: () => void;
  readonly #pending = new Set<Promise<unknown>>();

  /** The inspector's view of the shard; `null` without an observer. */
  inspected: InspectedShard | null = null;

  /** @param onReconnect - called by `reconnect()` before the shard connects */
  constructor({ inspect, ...options }: ShardOptions, onReconnect: () => void = () => undefined) {
    super();
    this.#onReconnect = onReconnect;
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
    return this.#shard.connect(options);
  }

  disconnect(options?: DisconnectOptions): Promise<void> {
    return this.#shard.disconnect(options);
  }

  forceClose(code?: number): void {
    this.#shard.forceClose(code);
  }

  reconnect(): Promise<void> {
    this.#onReconnect();
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
    readingControlOf(this.#shard).pause();
  }

  resumeReading(): void {
    readingControlOf(this.#shard).resume();
  }

  setBufferFull(isFull: boolean): void {
    readingControlOf(this.#shard).setFull(isFull);
  }

  /** Resumes from an earlier sequence, so that Discord sends the dispatches after it again. */
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
