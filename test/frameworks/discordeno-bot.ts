/** A bot of discordeno on a manager. */
import { createBot } from '@discordeno/bot';
import { withShardwright } from '../../src/discordeno/index.ts';
import { CHANNEL } from '../kit/bot-world.ts';
import type { FrameworkBot, FrameworkBotOptions } from '../kit/framework-conformance.ts';
import { TOKEN } from '../kit/virtual-shard.ts';

const desiredProperties = { message: { id: true, content: true }, user: { username: true } } as const;

/** Discordeno logs to the console otherwise. */
const silent = { debug() {}, info() {}, warn() {}, error() {}, fatal() {} };

export function discordenoBot({ manager, gateway, onMessage, onReady }: FrameworkBotOptions) {
  const state: { userName: string | null } = { userName: null };
  const readyShards = new Set<number>();
  const created = createBot({
    token: TOKEN,
    desiredProperties,
    rest: { proxy: { baseUrl: gateway.apiUrl.replace('/v10', ''), authorization: `Bot ${TOKEN}` } },
    gateway: { token: TOKEN, cache: { requestMembers: { enabled: true } } },
    loggerFactory: () => silent,
    events: {
      ready: ({ user, shardId }) => {
        state.userName = user.username;
        readyShards.add(shardId);
        // Discordeno has no event that says that all shards are ready.
        if (readyShards.size === manager.shards.size) onReady();
      },
      messageCreate: ({ id }) => onMessage(String(id)),
    },
  });
  const bot = withShardwright(created, manager);
  return Object.assign(bot, { state });
}

export function discordenoFrameworkBot(options: FrameworkBotOptions): FrameworkBot {
  const bot = discordenoBot(options);
  return {
    start: () => bot.start(),
    stop: () => bot.shutdown(),
    get userName() {
      return bot.state.userName;
    },
    async reply(_messageId, content) {
      await bot.helpers.sendMessage(CHANNEL, { content });
    },
    fetchMembers: async (guildId) => (await bot.gateway.requestMembers(guildId, { limit: 0 })).length,
    setStatus: (status) => bot.gateway.editBotStatus({ status }),
    joinVoice: (guildId, channelId) => bot.gateway.joinVoiceChannel(guildId, channelId),
    leaveVoice: (guildId) => bot.gateway.leaveVoiceChannel(guildId),
    shardIdOf: (guildId) => bot.gateway.calculateShardId(guildId),
    get shardIds() {
      return [...bot.gateway.shards.keys()];
    },
    get latency() {
      return bot.gateway.shards.get(0)!.heart.rtt ?? null;
    },
  };
}
