/** A bot of Sapphire: its client takes the option of discord.js. Run `npm run example:sapphire`. */
// #region page
import { SapphireClient } from '@sapphire/framework';
import { GatewayIntentBits } from 'discord.js';
import { shardingStrategy } from '../src/discordjs/index.ts'; // in your project: from 'shardwright/discordjs'
// #endregion
import { LogLevel } from '@sapphire/framework';
import type { Message } from 'discord.js';
import { parseArgs } from 'node:util';
import { openDiscord } from './kit/discord.ts';

const { live } = parseArgs({ options: { live: { type: 'boolean', default: false } } }).values;
await using discord = await openDiscord({ live, readyGuilds: [{ id: '1' }] });

// #region page
const { Guilds, GuildMessages, MessageContent } = GatewayIntentBits;
const client = new SapphireClient({
  intents: [Guilds, GuildMessages, MessageContent],
  baseUserDirectory: null, // only here
  logger: { level: LogLevel.None }, // only here
  rest: { api: discord.api.replace('/v10', '') }, // only here
  ws: { buildStrategy: shardingStrategy() },
});
// #endregion

async function answer({ author, content, channel }: Message): Promise<void> {
  if (!author.bot && content === '!ping' && channel.isSendable()) await channel.send('pong');
}

client.on('messageCreate', (message): unknown => answer(message));

await client.login(discord.token);
await discord.runScenario(async (fake) => {
  await fake.ask('!ping');
  console.log('The connection breaks.');
  fake.gateway.connections[0]?.terminate();
  await fake.ask('!ping');
});
await client.destroy();
