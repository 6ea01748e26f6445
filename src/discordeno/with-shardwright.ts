/** Lets a bot of discordeno run on a manager: the members of its gateway that reach Discord are replaced. */
import type { GatewayPresenceUpdateData } from 'discord-api-types/v10';
import { ignorable } from '../frameworks/bot-errors.ts';
import { assertManager } from '../frameworks/manager-argument.ts';
import { ShardViews } from '../frameworks/shard-views.ts';
import type { ShardHandle } from '../manager/shard-handle.ts';
import type { ShardManager } from '../manager/shard-manager.ts';
import { GatewayError } from '../protocol/errors.ts';
import { Opcodes } from '../protocol/opcodes.ts';
import type { SendPayload } from '../protocol/packets.ts';
import { describeValue, fieldsOf, isObject } from '../protocol/validation.ts';
import type { DiscordenoBot, DiscordenoGateway, DiscordenoStatus } from './bot.ts';
import { forwardEvents } from './gateway-events.ts';
import { DiscordenoShard } from './shard.ts';

/** Methods of discordeno that stay, because they call `sendPayload()`. */
const SENDING_METHODS = ['joinVoiceChannel', 'leaveVoiceChannel', 'requestMembers', 'requestSoundboardSounds'] as const;

type SendingMethods = Record<(typeof SENDING_METHODS)[number], (...args: unknown[]) => Promise<unknown>>;

/** Discord requires the fields that discordeno makes optional. */
const presencePayload = ({ activities = [], status }: DiscordenoStatus): SendPayload => ({
  op: Opcodes.PresenceUpdate,
  d: { since: null, afk: false, activities, status } as GatewayPresenceUpdateData,
});

function assertBot(bot: unknown): void {
  const { gateway } = fieldsOf(bot);
  if (!isObject(fieldsOf(gateway)['events']))
    throw new GatewayError('INVALID_OPTIONS', 'withShardwright() must be called with a bot that createBot() returned');
}

/** Returns the members of a `GatewayManager` that the manager takes over. */
function gatewayOn(
  manager: ShardManager,
  views: ShardViews<DiscordenoShard>,
  before: DiscordenoBot['gateway'],
): DiscordenoGateway {
  const { totalShards, firstShardId, lastShardId } = before;
  const handleOf = (shardId: number): ShardHandle => {
    const handle = manager.shards.get(shardId);
    if (handle === undefined)
      throw new GatewayError('INVALID_OPTIONS', `this manager has no shard ${describeValue(shardId)}`);
    return handle;
  };
  return {
    get shards() {
      return views.all;
    },
    // Until the manager knows, these are what the bot was created with.
    get totalShards() {
      return manager.total ?? totalShards;
    },
    get firstShardId() {
      return views.all.size === 0 ? firstShardId : Math.min(...views.all.keys());
    },
    get lastShardId() {
      return views.all.size === 0 ? lastShardId : Math.max(...views.all.keys());
    },
    // Discordeno checks requestMembers() with it.
    get intents() {
      return manager.intents;
    },
    spawnShards: () => manager.connect(),
    shutdown: (code, reason) => manager.disconnect({ code, reason }),
    sendPayload: (shardId, payload) => manager.send(shardId, payload as SendPayload),
    editBotStatus: (status) => manager.broadcast(presencePayload(status)),
    editShardStatus: (shardId, status) => manager.send(shardId, presencePayload(status)),
    identify: async (shardId) => handleOf(shardId).connect(),
    kill: async (shardId) => handleOf(shardId).disconnect(),
  };
}

/**
 * Runs a bot of discordeno on a manager, and returns the bot. `bot.start()` connects the manager: it resolves when all
 * shards are ready, and rejects as `ShardManager.connect()` does. `bot.shutdown()` disconnects the manager and keeps the
 * sessions. Handlers, events, `bot.helpers`, `bot.rest` and the methods of `bot.gateway` work as before.
 *
 * Give token, intents, shards, presence and compression to the manager: the options `intents` and `gateway` of
 * `createBot()` have no effect, except `gateway.events` and `gateway.cache`.
 *
 * What differs:
 * - `gateway.shards` holds the {@link DiscordenoShard} of each shard. It has the fields that bots read.
 * - `gateway.events.heartbeat`, `.requestedReconnect` and `.invalidSession` are not called. The manager handles these.
 * - Nothing reshards automatically. `gateway.resharding.reshard()` is `ShardManager.reshard()`, without a gap.
 * - `gateway.makePresence` is not called. Set the option `presence` of the manager.
 * - A payload waits until its shard is ready, and is rejected when the bot shuts down. You may ignore the promise.
 *
 * Errors that handlers of the bot throw are unhandled rejections, as with discordeno.
 *
 * @example
 * ```ts
 * const bot = withShardwright(createBot({ token, desiredProperties, events }), manager);
 * await bot.start();
 * ```
 * @throws {@link GatewayError} `INVALID_OPTIONS` if an argument is not a bot, or not a manager
 * @see https://discordeno.js.org
 */
export function withShardwright<Bot extends DiscordenoBot>(bot: Bot, manager: ShardManager): Bot {
  assertBot(bot);
  assertManager(manager, 'withShardwright()');
  const { gateway } = bot;
  const views = new ShardViews(manager, (handle) => new DiscordenoShard(handle));
  Object.defineProperties(gateway, Object.getOwnPropertyDescriptors(gatewayOn(manager, views, gateway)));
  const methods = gateway as unknown as SendingMethods;
  for (const name of SENDING_METHODS) {
    const send = methods[name];
    methods[name] = (...args) => ignorable(send(...args));
  }
  Object.assign(gateway.resharding, { reshard: ({ shards }: { shards: number }) => manager.reshard(shards) });
  // Without the request of discordeno for the session starts: the manager asks Discord itself.
  bot.start = () => manager.connect();
  forwardEvents(manager, views, gateway.events);
  return bot;
}
