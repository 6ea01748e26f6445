/** The gateway of a `Client` of seyfert, on a manager. */
import type { GatewayPresenceUpdateData } from 'discord-api-types/v10';
import { callBot, ignorable } from '../frameworks/bot-errors.ts';
import { assertManager } from '../frameworks/manager-argument.ts';
import { ShardViews } from '../frameworks/shard-views.ts';
import type { ShardManager } from '../manager/shard-manager.ts';
import { Intents } from '../protocol/intents.ts';
import { Opcodes } from '../protocol/opcodes.ts';
import type { Dispatch, RequestChannelInfoData, SendPayload } from '../protocol/packets.ts';
import type { GatewayFor, SeyfertGateway, SeyfertGatewayOptions } from './client.ts';
import { SeyfertShard } from './shard.ts';

/** The close code of a connection that ended without a close frame. */
const ABNORMAL_CLOSURE = 1006;

/** What seyfert calls the guilds of READY when they arrive. */
const RAW_GUILD_EVENTS: Readonly<Record<string, string>> = {
  GUILD_CREATE: 'RAW_GUILD_CREATE',
  GUILD_DELETE: 'RAW_GUILD_DELETE',
};

type HandlePayload = (shardId: number, packet: object) => unknown;
type HandleSendPayload = (shardId: number, payload: SendPayload) => unknown;

class ManagerGateway implements SeyfertGateway {
  readonly options: SeyfertGatewayOptions = { handlePayload: () => undefined };
  readonly #manager: ShardManager;
  readonly #shards: ShardViews<SeyfertShard>;
  /** The presence of all shards, for those that `reshard()` creates. */
  #presence: GatewayPresenceUpdateData | null = null;

  constructor(manager: ShardManager) {
    this.#manager = manager;
    this.#shards = new ShardViews(manager, (handle) => new SeyfertShard(handle));
    manager.on('dispatch', (dispatch, shardId) => this.#onDispatch(dispatch, shardId));
    // A guild with an outage may never come. Seyfert alone would wait for it.
    manager.on('guildsReady', (shardId) => {
      const shard = this.get(shardId);
      if (shard?.onGuildsReady() === true) this.#emitGuildsReady(shardId, shard.data.resume_seq ?? null);
    });
    manager.on('resharded', () => {
      if (this.#presence !== null) this.setPresence(this.#presence);
    });
    manager.on('connected', (shardId) => {
      const { onShardReconnect } = this.options;
      if (onShardReconnect !== undefined) callBot(onShardReconnect, { shardId }, undefined);
    });
    manager.on('disconnected', ({ code, reason }, shardId) => {
      const { onShardDisconnect } = this.options;
      const data = { shardId, code: code ?? ABNORMAL_CLOSURE, reason };
      if (onShardDisconnect !== undefined) callBot(onShardDisconnect, data, undefined);
    });
  }

  #onDispatch(dispatch: Dispatch, shardId: number): void {
    // Read here, where the shard can still ask for it again: seyfert reads the data of every dispatch.
    const { op, t, s, d } = dispatch;
    const shard = this.#shards.get(shardId);
    if (t === 'READY') shard?.onReady(d, (this.#manager.intents & Intents.Guilds) !== 0);
    else if (t === 'RESUMED') shard?.onResumed();
    const rawName = RAW_GUILD_EVENTS[t];
    const isOfReady = rawName !== undefined && shard?.onGuild(d) === true;
    this.#handlePayload(shardId, isOfReady ? { op, t: rawName, s, d } : dispatch);
    if ((isOfReady || t === 'READY') && shard?.isReady === true) this.#emitGuildsReady(shardId, s);
  }

  #emitGuildsReady(shardId: number, s: number | null): void {
    this.#handlePayload(shardId, { op: Opcodes.Dispatch, t: 'GUILDS_READY', s });
  }

  #handlePayload(shardId: number, packet: object): void {
    callBot(this.options.handlePayload as HandlePayload, shardId, packet);
  }

  get totalShards(): number {
    return this.#manager.total ?? 0;
  }

  get latency(): number {
    let sum = 0;
    for (const { latency } of this.values()) sum += latency;
    return sum / this.size;
  }

  calculateShardId(guildId: string): number {
    return this.#manager.shardIdFor(guildId);
  }

  spawnShards(): Promise<void> {
    return this.#manager.connect();
  }

  send(shardId: number, payload: SendPayload): Promise<boolean> {
    return ignorable(this.#send(shardId, payload));
  }

  async #send(shardId: number, payload: SendPayload): Promise<boolean> {
    const handle = this.options.handleSendPayload as HandleSendPayload | undefined;
    const handled = await handle?.(shardId, payload);
    if (handled === null) return false;
    await this.#manager.send(shardId, (handled ?? payload) as SendPayload);
    return true;
  }

  setPresence(presence: GatewayPresenceUpdateData): void {
    this.#presence = presence;
    for (const shardId of this.keys()) void this.setShardPresence(shardId, presence);
  }

  setShardPresence(shardId: number, presence: GatewayPresenceUpdateData): Promise<boolean> {
    return this.send(shardId, { op: Opcodes.PresenceUpdate, d: presence });
  }

  joinVoice(guildId: string, channelId: string, options: { self_deaf: boolean; self_mute: boolean }): Promise<boolean> {
    return this.#updateVoice(guildId, channelId, options);
  }

  leaveVoice(guildId: string): Promise<boolean> {
    return this.#updateVoice(guildId, null, { self_deaf: false, self_mute: false });
  }

  #updateVoice(
    guildId: string,
    channelId: string | null,
    options: { self_deaf: boolean; self_mute: boolean },
  ): Promise<boolean> {
    return this.send(this.calculateShardId(guildId), {
      op: Opcodes.VoiceStateUpdate,
      d: { guild_id: guildId, channel_id: channelId, ...options },
    });
  }

  requestChannelInfo(guildId: string, fields: RequestChannelInfoData['fields']): Promise<boolean> {
    return this.send(this.calculateShardId(guildId), {
      op: Opcodes.RequestChannelInfo,
      d: { guild_id: guildId, fields },
    });
  }

  disconnect(shardId: number, code?: number): void {
    this.get(shardId)?.disconnect(code);
  }

  disconnectAll(code?: number): void {
    void ignorable(this.#manager.disconnect(code === undefined ? {} : { code }));
  }

  get size(): number {
    return this.#shards.all.size;
  }

  get(shardId: number): SeyfertShard | undefined {
    return this.#shards.get(shardId);
  }

  has(shardId: number): boolean {
    return this.#shards.all.has(shardId);
  }

  keys(): MapIterator<number> {
    return this.#shards.all.keys();
  }

  values(): MapIterator<SeyfertShard> {
    return this.#shards.all.values();
  }

  entries(): MapIterator<[number, SeyfertShard]> {
    return this.#shards.all.entries();
  }

  forEach(callback: (shard: SeyfertShard, shardId: number, map: ReadonlyMap<number, SeyfertShard>) => void): void {
    for (const [shardId, shard] of this) callback(shard, shardId, this);
  }

  [Symbol.iterator](): MapIterator<[number, SeyfertShard]> {
    return this.entries();
  }
}

/**
 * Returns a gateway for `client.setServices({ gateway })` of seyfert. `client.start()` then connects the manager: it
 * resolves when all shards are ready, and rejects as `ShardManager.connect()` does. Commands, events, components, cache
 * and plugins work as before. Do not connect the manager yourself, because `client.start()` loads your commands and
 * events first. To stop, disconnect the manager, or call `client.gateway.disconnectAll()`.
 *
 * Give token, intents, shards, presence and compression to the manager: the options `presence`, `shards`, `gateway` and
 * `resharding` of the `Client`, and `handlePayload` and `handleSendPayload`, have no effect with a gateway of your own.
 * With a `sessionStore`, set `warmStart`: seyfert learns its user and its guilds only from READY.
 *
 * What differs:
 * - The gateway has the members of {@link SeyfertGateway}, its shards those of {@link SeyfertShardLike}.
 * - `client.gateway` does not reshard itself. `ShardManager.reshard()` does, without a gap.
 * - A payload waits until its shard is ready, and is rejected when the manager disconnects. You may ignore the promise.
 * - The option `events` of the manager must include `READY`, `GUILD_CREATE` and `GUILD_DELETE`.
 *
 * Write the call where seyfert takes the gateway, so that it has the type that seyfert expects.
 *
 * @example
 * ```ts
 * client.setServices({ gateway: seyfertGateway(manager) });
 * await client.start();
 * ```
 * @throws {@link GatewayError} `INVALID_OPTIONS` if the argument is not a manager
 * @see https://www.seyfert.dev
 */
export function seyfertGateway<Expected extends SeyfertGateway>(manager: ShardManager): GatewayFor<Expected> {
  assertManager(manager, 'seyfertGateway()');
  const gateway: SeyfertGateway = new ManagerGateway(manager);
  return gateway as GatewayFor<Expected>;
}
