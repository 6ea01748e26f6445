/** A bot of necord: its module takes the option of discord.js. Run `npm run example:necord`. */
import 'reflect-metadata';
// #region page
import { GatewayIntentBits } from 'discord.js';
import { NecordModule } from 'necord';
import { shardingStrategy } from '../src/discordjs/index.ts'; // in your project: from 'shardwright/discordjs'
// #endregion
import { NestFactory } from '@nestjs/core';
import { Client } from 'discord.js';
import type { Message } from 'discord.js';
import { parseArgs } from 'node:util';
import { openDiscord } from './kit/discord.ts';

const { live } = parseArgs({ options: { live: { type: 'boolean', default: false } } }).values;
await using discord = await openDiscord({ live, readyGuilds: [{ id: '1' }] });
const { token } = discord;

// #region page
const { Guilds, GuildMessages, MessageContent } = GatewayIntentBits;
const necord = NecordModule.forRoot({
  token,
  intents: [Guilds, GuildMessages, MessageContent],
  rest: { api: discord.api.replace('/v10', '') }, // only here
  skipRegistration: true, // only here
  ws: { buildStrategy: shardingStrategy() },
});
// #endregion

// In your project: the imports of AppModule. Node runs this file without a compiler for decorators.
const app = await NestFactory.createApplicationContext(necord, { logger: false });
const client = app.get(Client);

async function answer({ author, content, channel }: Message): Promise<void> {
  if (!author.bot && content === '!ping' && channel.isSendable()) await channel.send('pong');
}

client.on('messageCreate', (message): unknown => answer(message));

await discord.runScenario(async (fake) => {
  await fake.ask('!ping');
  console.log('The connection breaks.');
  fake.gateway.connections[0]?.terminate();
  await fake.ask('!ping');
});
await app.close();
