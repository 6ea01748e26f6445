/** A bot of discordeno whose gateway is a manager. Run `npm run example:discordeno`. */
// #region page
import { createBot } from '@discordeno/bot';
import { withShardwright } from '../src/discordeno/index.ts'; // in your project: from 'shardwright/discordeno'
import { ShardManager } from '../src/index.ts'; // in your project: from 'shardwright'
// #endregion
import { parseArgs } from 'node:util';
import { openDiscord } from './kit/discord.ts';

const { live } = parseArgs({ options: { live: { type: 'boolean', default: false } } }).values;
// Discordeno reads the id of the bot from the token.
await using discord = await openDiscord({ live, readyGuilds: [{ id: '1' }], token: 'MTk4NjIyNDgzNDcxOTI1MjQ4.a.b' });
const { token, api } = discord;
const rest = { proxy: { baseUrl: api.replace('/v10', ''), authorization: `Bot ${token}` } };
const desiredProperties = { message: { content: true, channelId: true } } as const;

// #region page
const manager = new ShardManager({
  token,
  api, // only here
  intents: ['Guilds', 'GuildMessages', 'MessageContent'],
});
const bot = createBot({
  token,
  rest, // only here
  desiredProperties,
  events: {
    async messageCreate({ content, channelId }) {
      if (content === '!ping') await bot.helpers.sendMessage(channelId, { content: 'pong' });
    },
  },
});
withShardwright(bot, manager);
await bot.start();
// #endregion

await discord.runScenario(async (fake) => {
  await fake.ask('!ping');
  console.log('The connection breaks.');
  fake.gateway.connections[0]?.terminate();
  await fake.ask('!ping');
});
await bot.shutdown();
