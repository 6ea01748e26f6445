/** A shard as a `Client` of seyfert knows it. It keeps which guilds of READY are missing, as seyfert's shards do. */
import type { GatewayRequestGuildMembersData } from 'discord-api-types/v10';
import { ignorable } from '../frameworks/bot-errors.ts';
import { guildIdsOf, idOf } from '../manager/reshard/guild-sync.ts';
import type { ShardHandle } from '../manager/shard-handle.ts';
import type { SendPayload } from '../protocol/packets.ts';
import type { SeyfertMembers, SeyfertShardLike } from './client.ts';

export class SeyfertShard implements SeyfertShardLike {
  readonly id: number;
  readonly #handle: ShardHandle;
  /** The guilds of READY that have not arrived; `null` before READY or RESUMED. */
  #pendingGuilds: Set<string> | null;

  constructor(handle: ShardHandle) {
    this.id = handle.shardId;
    this.#handle = handle;
    // The first dispatches of the shards that reshard() creates are not delivered.
    this.#pendingGuilds = handle.state === 'ready' ? new Set() : null;
  }

  /** Called at READY, with the data. Without the intent `Guilds`, Discord sends no GUILD_CREATE. */
  onReady(d: unknown, hasGuildsIntent: boolean): void {
    this.#pendingGuilds = new Set(hasGuildsIntent ? guildIdsOf(d) : []);
  }

  onResumed(): void {
    this.#pendingGuilds ??= new Set();
  }

  /** Called when the guilds that are still missing have an outage. Returns whether there are any. */
  onGuildsReady(): boolean {
    const isMissingSome = !this.isReady;
    this.#pendingGuilds = new Set();
    return isMissingSome;
  }

  /** Called with the data of a GUILD_CREATE or GUILD_DELETE. Returns whether it is a guild of READY. */
  onGuild(d: unknown): boolean {
    return this.#pendingGuilds?.delete(idOf(d)) === true;
  }

  get isReady(): boolean {
    return this.#pendingGuilds?.size === 0;
  }

  get isOpen(): boolean {
    return this.#handle.state === 'ready';
  }

  get latency(): number {
    return this.#handle.ping ?? Number.POSITIVE_INFINITY;
  }

  get data(): SeyfertShardLike['data'] {
    const { session } = this.#handle;
    if (session === null) return { resume_seq: null };
    const { sequence, sessionId, resumeUrl } = session;
    return { resume_seq: sequence, session_id: sessionId, resume_gateway_url: resumeUrl };
  }

  ping(): Promise<number> {
    return ignorable(this.#handle.heartbeat());
  }

  send(_force: boolean, payload: { op: number; d?: unknown }): Promise<void> {
    return ignorable(this.#handle.send(payload as SendPayload));
  }

  requestGuildMember(options: GatewayRequestGuildMembersData): Promise<SeyfertMembers> {
    return ignorable(this.#requestMembers(options));
  }

  async #requestMembers(options: GatewayRequestGuildMembersData): Promise<SeyfertMembers> {
    const { members, presences = [] } = await this.#handle.requestGuildMembers(options);
    return { members, presences };
  }

  disconnect(code?: number): void {
    void ignorable(this.#handle.disconnect(code === undefined ? {} : { code }));
  }

  reconnect(): Promise<void> {
    return ignorable(this.#handle.reconnect());
  }
}
