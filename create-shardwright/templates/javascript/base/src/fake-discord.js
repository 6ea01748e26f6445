/** A Discord in this process, with one channel and one user, Ann. Tests use it, and `npm start` without a token. */
import { createInterface } from 'node:readline';
import { FakeGateway } from 'shardwright/testing';

const CHANNEL = { id: '20', type: 0, name: 'general' };
const GUILD = { id: '10', channels: [CHANNEL] };
const ANN = { id: '30', username: 'Ann', discriminator: '0', global_name: null, avatar: null };

/** @param {(text: string) => void} onAnswer called for each message of the bot */
export async function openFakeDiscord(onAnswer) {
  let lastId = 100;
  /** @param {string} content */
  const messageOf = (content) => {
    lastId += 1;
    return { id: String(lastId), channel_id: CHANNEL.id, guild_id: GUILD.id, author: ANN, content };
  };
  const gateway = await FakeGateway.listen({
    token: 'fake',
    readyGuilds: [GUILD],
    rest({ method, path, body }) {
      if (method !== 'POST' || path !== `/channels/${CHANNEL.id}/messages`) return null;
      const text = /** @type {{ content: string }} */ (body).content;
      onAnswer(text);
      return { body: messageOf(text) };
    },
  });
  return {
    gateway,
    options: { token: 'fake', api: gateway.apiUrl },
    /** @param {string} content */
    say: (content) => gateway.dispatch('MESSAGE_CREATE', messageOf(content)),
  };
}

/** Sends each line that you type as a message from Ann, and prints the answers. */
export async function openFakeDiscordOnTerminal() {
  const { gateway, options, say } = await openFakeDiscord((text) => console.log(`bot: ${text}`));
  console.log('DISCORD_TOKEN is not set, so this is a fake Discord in this process. Type !ping and press Enter.');
  const lines = createInterface({ input: process.stdin }).on('line', say);
  return {
    options,
    async close() {
      lines.close();
      await gateway.close();
    },
  };
}
