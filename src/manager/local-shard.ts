/** A shard in this thread, as the manager sees it. */
import type {
  GatewayPresenceUpdateData,
  GatewayRequestGuildMembersData,
  GatewayVoiceStateUpdateData,
} from 'discord-api-types/v10';
import type { ShardState } from '../../machines/index.ts';
import type { RequestChannelInfoData, SendPayload } from '../protocol/packets.ts';
import { Shard } from '../shard.ts';
import type { SendOptions } from '../shard/command-sender.ts';
import type { DisconnectOptions } from '../shard/close-request.ts';
import type { GuildMembers, RequestOptions } from '../shard/guild-member-requests.ts';
import type { Session } from '../session/session.ts';
import type { InspectedShard } from '../shard/inspected-shard.ts';
import type { ShardEvents } from '../shard/shard-events.ts';
import type { ShardOptions } from '../shard/shard-options.ts';
import { shardObserver } from './inspected-manager.ts';
import type { ShardHandle, ShardHealth } from './shard-handle.ts';

export class LocalShard implements ShardHandle {
  readonly #shard: Shard;
  readonly #pending = new Set<Promise<unknown>>();
  /** A consumer that takes nothing: as long as it is there, the socket is not read. */
  #unreadStream: ReturnType<Shard['dispatches']> | null = null;

  /** The deeper view, when there is an observer. */
  inspected: InspectedShard | null = null;

  constructor({ inspect, ...options }: ShardOptions) {
    const onAttach = (shard: InspectedShard): void => void (this.inspected = shard);
    this.#shard = new Shard(
      inspect === undefined ? options : { ...options, inspect: shardObserver(inspect, onAttach) },
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
    return this.#shard.reconnect();
  }

  send(payload: SendPayload, options?: SendOptions): Promise<void> {
    return this.#track(this.#shard.send(payload, options));
  }

  updatePresence(presence: GatewayPresenceUpdateData): Promise<void> {
    return this.#track(this.#shard.updatePresence(presence));
  }

  updateVoiceState(voice: GatewayVoiceStateUpdateData): Promise<void> {
    return this.#track(this.#shard.updateVoiceState(voice));
  }

  requestGuildMembers(request: GatewayRequestGuildMembersData, options?: RequestOptions): Promise<GuildMembers> {
    return this.#track(this.#shard.requestGuildMembers(request, options));
  }

  requestSoundboardSounds(guildIds: readonly string[]): Promise<void> {
    return this.#track(this.#shard.requestSoundboardSounds(guildIds));
  }

  requestChannelInfo(request: RequestChannelInfoData): Promise<void> {
    return this.#track(this.#shard.requestChannelInfo(request));
  }

  heartbeat(): Promise<number> {
    return this.#shard.heartbeat();
  }

  /** The answer to a beat comes behind all that was sent before it; one that is under way already proves nothing. */
  async barrier(): Promise<void> {
    if (this.#shard.heartbeatAcknowledged === false) await this.#shard.heartbeat();
    await this.#shard.heartbeat();
  }

  async settled(): Promise<void> {
    while (this.#pending.size > 0) await Promise.allSettled(this.#pending);
  }

  pauseReading(): void {
    this.#unreadStream ??= this.#shard.dispatches({ highWaterMark: 1 });
  }

  resumeReading(): void {
    void this.#unreadStream?.return?.();
    this.#unreadStream = null;
  }

  /** Resumes from behind an earlier sequence: what came after it comes again. */
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
