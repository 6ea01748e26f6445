/**
 * A whole bot: it reads "!ping" and answers "pong" over Discord's HTTP API.
 *
 *   DISCORD_TOKEN=… node examples/ping-pong.ts
 */
import { pathToFileURL } from 'node:url';
import { Shard } from '../src/index.ts'; // in your project: from 'shardwright'
import type { ShardOptions } from '../src/index.ts';

/** Says something in a channel. */
export type Say = (channelId: string, content: string) => unknown;

export function pingPong(options: Omit<ShardOptions, 'intents'>, say: Say): Shard {
  const bot = new Shard({ ...options, intents: ['Guilds', 'GuildMessages', 'MessageContent'] });
  bot.on('ready', ({ user }) => console.log(`here as ${user.username}`));
  bot.on('fault', ({ code, hint }) => console.warn(`${code}: ${hint}`));
  bot.onDispatch('MESSAGE_CREATE', ({ content, channel_id: channelId, author }) => {
    if (content === '!ping' && author.bot !== true) return say(channelId, 'pong');
    return undefined;
  });
  return bot;
}

// Only when this file is the program, so that a test can import it.
if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const token = process.env['DISCORD_TOKEN'] ?? '';
  const bot = pingPong({ token }, (channelId, content) =>
    fetch(`https://discord.com/api/v10/channels/${channelId}/messages`, {
      method: 'POST',
      headers: { Authorization: `Bot ${token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ content }),
    }),
  );
  process.once('SIGINT', () => void bot.disconnect());
  await bot.connect();
}
