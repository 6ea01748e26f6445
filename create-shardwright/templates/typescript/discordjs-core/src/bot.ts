/** What the bot does: it answers `!ping` with `pong`. */
import { Client, GatewayDispatchEvents } from '@discordjs/core';
import { REST } from '@discordjs/rest';
import { ShardManager } from 'shardwright';
import type { ManagerOptions } from 'shardwright';
import { toDiscordJsGateway } from 'shardwright/discordjs';

export type BotOptions = Pick<ManagerOptions, 'token' | 'api' | 'sessionStore'>;

export function createBot({ token, api = 'https://discord.com/api/v10', sessionStore }: BotOptions) {
  const bot = new ShardManager({
    token,
    api,
    sessionStore,
    intents: ['Guilds', 'GuildMessages', 'MessageContent'],
  });
  // REST adds the version to the URL.
  const rest = new REST({ api: api.replace('/v10', ''), version: '10' }).setToken(token);
  const client = new Client({ rest, gateway: toDiscordJsGateway(bot) });
  client.on('error', (error) => console.error(error)); // a handler below has thrown

  client.on(GatewayDispatchEvents.MessageCreate, async ({ data, api: discord }) => {
    if (data.author.bot || data.content !== '!ping') return;
    await discord.channels.createMessage(data.channel_id, { content: 'pong' });
  });

  return bot;
}
