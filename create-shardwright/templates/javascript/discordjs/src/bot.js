/** What the bot does: it answers `!ping` with `pong`. */
import { Client, Events, GatewayIntentBits } from 'discord.js';
import { shardingStrategy } from 'shardwright/discordjs';

/** @typedef {{ api?: string, sessionStore?: import('shardwright').SessionStore }} BotOptions */

/** @param {BotOptions} options */
export function createBot({ api = 'https://discord.com/api/v10', sessionStore }) {
  const bot = new Client({
    intents: [GatewayIntentBits.Guilds, GatewayIntentBits.GuildMessages, GatewayIntentBits.MessageContent],
    rest: { api: api.replace('/v10', '') }, // discord.js adds the version
    ws: { buildStrategy: shardingStrategy({ sessionStore }) },
  });

  bot.on(Events.MessageCreate, async (message) => {
    if (message.author.bot || message.content !== '!ping') return;
    await message.reply('pong');
  });

  return bot;
}
