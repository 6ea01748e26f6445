/**
 * The same bot with `@discordjs/core`: shardwright receives the events, discord.js handles them and sends over REST.
 * Run `npm run example:discordjs-core`.
 */
// #region page
import { Client, GatewayDispatchEvents } from '@discordjs/core';
import { REST } from '@discordjs/rest';
import { toDiscordJsGateway } from '../src/discordjs/index.ts'; // in your project: from 'shardwright/discordjs'
import { ShardManager } from '../src/index.ts'; // in your project: from 'shardwright'
// #endregion
import { PresenceUpdateStatus } from '@discordjs/core';
import type { GatewayMessageCreateDispatchData, ToEventProps } from '@discordjs/core';
import { parseArgs } from 'node:util';
import { openDiscord } from './kit/discord.ts';

const { live } = parseArgs({ options: { live: { type: 'boolean', default: false } } }).values;
await using discord = await openDiscord({ live, guildMembers: 3 });
const { token, api } = discord;

// #region page
const manager = new ShardManager({
  token,
  api, // only here
  intents: ['Guilds', 'GuildMessages', 'MessageContent', 'GuildMembers'],
});
const rest = new REST({ version: '10' }).setToken(token);
rest.options.api = api.replace('/v10', ''); // only here
const client = new Client({ rest, gateway: toDiscordJsGateway(manager) });
// #endregion
manager.on('fault', ({ code, hint }) => console.warn(`${code}: ${hint}`));
// Emitted when a handler's promise rejects.
client.on('error', (error) => console.error(error));

client.on(GatewayDispatchEvents.Ready, ({ data, shardId }): unknown => {
  console.log(`Logged in as ${data.user.username}.`);
  return client.updatePresence(shardId, {
    since: null,
    activities: [],
    status: PresenceUpdateStatus.Online,
    afk: false,
  });
});

async function answer({ data, api: discordApi }: ToEventProps<GatewayMessageCreateDispatchData>): Promise<void> {
  const { content, channel_id: channelId, guild_id: guildId, author } = data;
  if (author.bot === true) return;
  if (content === '!ping') await discordApi.channels.createMessage(channelId, { content: 'pong' });
  if (content === '!members' && guildId !== undefined) {
    const { members } = await client.requestGuildMembers({ guild_id: guildId, query: '', limit: 0 });
    await discordApi.channels.createMessage(channelId, {
      content: members.map(({ user }) => user.username).join(', '),
    });
  }
}

client.on(GatewayDispatchEvents.MessageCreate, (event): unknown => answer(event));

// #region page
await manager.connect();
// #endregion
await discord.runScenario(async (fake) => {
  await fake.ask('!ping');
  await fake.ask('!members');
});
await manager.disconnect();
