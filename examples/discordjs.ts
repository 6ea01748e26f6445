/** The same bot with discord.js 14: one option of the `Client` connects it with shardwright. Run `npm run example:discordjs`. */
// #region page
import { Client, GatewayIntentBits } from 'discord.js';
import { shardingStrategy } from '../src/discordjs/index.ts'; // in your project: from 'shardwright/discordjs'
// #endregion
import type { Message } from 'discord.js';
import { parseArgs } from 'node:util';
import { openDiscord } from './kit/discord.ts';

const { live } = parseArgs({ options: { live: { type: 'boolean', default: false } } }).values;
await using discord = await openDiscord({ live, readyGuilds: [{ id: '1' }], guildMembers: 3 });

// #region page
const { Guilds, GuildMembers, GuildMessages, MessageContent } = GatewayIntentBits;
const client = new Client({
  intents: [Guilds, GuildMembers, GuildMessages, MessageContent],
  rest: { api: discord.api.replace('/v10', '') }, // only here
  ws: { buildStrategy: shardingStrategy() },
});
// #endregion
client.once('clientReady', ({ user }) => console.log(`Logged in as ${user.username}.`));

async function answer({ author, content, guild, channel }: Message): Promise<void> {
  if (author.bot || !channel.isSendable()) return;
  if (content === '!ping') await channel.send('pong');
  if (content === '!members' && guild !== null) {
    const members = await guild.members.fetch();
    await channel.send(members.map(({ user }) => user.username).join(', '));
  }
}

client.on('messageCreate', (message): unknown => answer(message));

await client.login(discord.token);
await discord.runScenario(async (fake) => {
  await fake.ask('!ping');
  console.log('The connection breaks.');
  fake.gateway.connections[0]?.terminate();
  await fake.ask('!members');
});
await client.destroy();
