/** A complete bot with one shard. It answers "!ping" with "pong", over Discord's REST API. Run `npm run example:bot`. */
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { Shard } from '../src/index.ts'; // in your project: from 'shardwright'
import type { ShardOptions } from '../src/index.ts';
import { openDiscord } from './kit/discord.ts';

/** Sends a message to a channel. */
export type SendMessage = (channelId: string, content: string) => unknown;

export function pingPong(options: Omit<ShardOptions, 'intents'>, sendMessage: SendMessage): Shard {
  const bot = new Shard({ ...options, intents: ['Guilds', 'GuildMessages', 'MessageContent'] });
  bot.on('ready', ({ user }) => console.log(`Logged in as ${user.username}.`));
  bot.on('resumed', ({ replayed }) => console.log(`Reconnected; events missed and replayed: ${replayed}.`));
  bot.on('fault', ({ code, hint }) => console.warn(`${code}: ${hint}`));
  bot.onDispatch('MESSAGE_CREATE', ({ content, channel_id: channelId, author }) => {
    if (content === '!ping' && author.bot !== true) return sendMessage(channelId, 'pong');
    return undefined;
  });
  return bot;
}

/** Returns a function that sends messages over REST, with the `fetch` of Node. */
export const restSender =
  (api: string, token: string): SendMessage =>
  async (channelId, content) => {
    const { ok, status } = await fetch(`${api}/channels/${channelId}/messages`, {
      method: 'POST',
      headers: { Authorization: `Bot ${token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ content }),
    });
    if (!ok) throw new Error(`Discord rejected the message: ${status}`);
  };

// Runs only when this file is the program, so that a test can import the bot.
if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { live } = parseArgs({ options: { live: { type: 'boolean', default: false } } }).values;
  await using discord = await openDiscord({ live });
  const { token, api, gatewayUrl } = discord;
  await using bot = pingPong({ token, url: gatewayUrl }, restSender(api, token));
  await bot.connect();
  await discord.runScenario(async (fake) => {
    await fake.ask('!ping');
    console.log('The connection breaks.');
    fake.gateway.connections[0]?.terminate();
    await fake.ask('!ping');
  });
}
