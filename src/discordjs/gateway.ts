/**
 * A manager in the shape that `@discordjs/core` asks of what brings it events and takes its frames. The shape is written
 * down here, so that nobody who does without discord.js has to install anything of it.
 */
import type { GatewayDispatchPayload, GatewaySendPayload } from 'discord-api-types/v10';
import type { ShardManager } from '../manager/shard-manager.ts';
import { GatewayError } from '../protocol/errors.ts';
import { Opcodes } from '../protocol/opcodes.ts';
import type { Dispatch, SendPayload } from '../protocol/packets.ts';

/** What is taken of a {@link ShardManager}. */
export type ManagerLike = Pick<ShardManager, 'total' | 'send' | 'on' | 'off'>;

/** Receives each dispatch, with the id of its shard. */
export type DispatchListener = (payload: GatewayDispatchPayload, shardId: number) => unknown;

/** What the option `gateway` of a `Client` of `@discordjs/core` has to be. */
export interface DiscordJsGateway {
  /** The shard count of the bot. Rejects with `NOT_CONNECTED` before the manager knows it. */
  getShardCount(): Promise<number>;
  /**
   * Listens to the dispatches of all shards, each with the id of its shard. Everything else is told by the manager.
   * @throws {@link GatewayError} `INVALID_OPTIONS` for another event.
   */
  on(event: 'dispatch', listener: DispatchListener): this;
  /** Takes a listener away again. */
  off(event: 'dispatch', listener: DispatchListener): this;
  /**
   * Sends by one shard, as `ShardManager.send` does: within Discord's limits, and once the shard is ready. Settles when
   * it is sent, a request that is answered with dispatches once it is accepted. Rejects as that does; a heartbeat,
   * IDENTIFY or RESUME with `OPCODE_NOT_ALLOWED`.
   */
  send(shardId: number, payload: GatewaySendPayload): Promise<void>;
}

function assertDispatchEvent(event: string): void {
  if (event !== 'dispatch')
    throw new GatewayError(
      'INVALID_OPTIONS',
      `${event} is told by the manager: of a gateway @discordjs/core hears dispatch alone`,
    );
}

/** The types of discord.js have a closed list of events, and enums where ours have numbers; the values are the same. */
const adaptListener = (listener: DispatchListener): ((dispatch: Dispatch, shardId: number) => unknown) =>
  listener as (dispatch: Dispatch, shardId: number) => unknown;

/**
 * What is answered with dispatches. The client listens for these only when `send()` has settled, for several shards when
 * the last has; with a shard that has to wait, or is in another thread, the answer could be there before.
 */
const OPCODES_WITH_RESPONSE: ReadonlySet<number> = new Set([
  Opcodes.RequestGuildMembers,
  Opcodes.RequestSoundboardSounds,
  Opcodes.RequestChannelInfo,
]);

/** Lasts until all is refused that can be without a look at the world, and not until something can come in from it. */
async function afterLocalValidation(): Promise<void> {
  // Asked for from outside of promises, `nextTick` would come before them.
  await Promise.resolve();
  await new Promise<void>((resolve) => process.nextTick(resolve));
}

class ManagerGateway implements DiscordJsGateway {
  readonly #manager: ManagerLike;

  constructor(manager: ManagerLike) {
    this.#manager = manager;
  }

  async getShardCount(): Promise<number> {
    const { total } = this.#manager;
    if (total === null) throw new GatewayError('NOT_CONNECTED', 'the shard count is not known before connect()');
    return total;
  }

  on(event: 'dispatch', listener: DispatchListener): this {
    assertDispatchEvent(event);
    this.#manager.on('dispatch', adaptListener(listener));
    return this;
  }

  off(event: 'dispatch', listener: DispatchListener): this {
    assertDispatchEvent(event);
    this.#manager.off('dispatch', adaptListener(listener));
    return this;
  }

  async send(shardId: number, payload: GatewaySendPayload): Promise<void> {
    const sent = this.#manager.send(shardId, payload as SendPayload);
    await (OPCODES_WITH_RESPONSE.has(payload?.op) ? Promise.race([sent, afterLocalValidation()]) : sent);
  }
}

/**
 * Lets a manager drive a [`Client` of `@discordjs/core`](https://discord.js.org/docs/packages/core/main/Client:Class).
 * The manager is connected and disconnected as ever; the client hears what it hands out, over reconnections and
 * resharding.
 *
 * @example
 * ```ts
 * const rest = new REST({ version: '10' }).setToken(token);
 * const client = new Client({ rest, gateway: toDiscordJsGateway(manager) });
 * client.on(GatewayDispatchEvents.MessageCreate, ({ data, api }) => …);
 * await manager.connect();
 * ```
 * @throws {@link GatewayError} `INVALID_OPTIONS` for what is no manager.
 * @see https://discord.com/developers/docs/events/gateway-events
 */
export function toDiscordJsGateway(manager: ManagerLike): DiscordJsGateway {
  const candidate: unknown = manager;
  const isManager =
    typeof candidate === 'object' &&
    candidate !== null &&
    'total' in candidate &&
    'send' in candidate &&
    'on' in candidate &&
    'off' in candidate;
  if (!isManager) throw new GatewayError('INVALID_OPTIONS', 'toDiscordJsGateway() takes a ShardManager');
  return new ManagerGateway(manager);
}
