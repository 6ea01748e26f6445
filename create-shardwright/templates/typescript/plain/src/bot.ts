/** What the bot does: it answers `!ping` with `pong`. */
import { ShardManager } from 'shardwright';
import type { ManagerOptions } from 'shardwright';

export type BotOptions = Pick<ManagerOptions, 'token' | 'api' | 'sessionStore'>;

export function createBot({ token, api = 'https://discord.com/api/v10', sessionStore }: BotOptions) {
  const bot = new ShardManager({
    token,
    api,
    sessionStore,
    intents: ['Guilds', 'GuildMessages', 'MessageContent'],
  });

  bot.onDispatch('MESSAGE_CREATE', async ({ author, channel_id, content }) => {
    if (author.bot || content !== '!ping') return;
    const { ok, status } = await fetch(`${api}/channels/${channel_id}/messages`, {
      method: 'POST',
      headers: { Authorization: `Bot ${token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ content: 'pong' }),
    });
    if (!ok) throw new Error(`Discord answered ${status}`);
  });

  return bot;
}
