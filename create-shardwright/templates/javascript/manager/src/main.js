/** Starts the bot: on Discord with the token in DISCORD_TOKEN, without one on a fake Discord in this process. */
import { FileSessionStore } from 'shardwright';
import { createBot } from './bot.js';
import { openFakeDiscordOnTerminal } from './fake-discord.js';

const { DISCORD_TOKEN: token = '', DISCORD_API: api } = process.env;
const fake = token === '' ? await openFakeDiscordOnTerminal() : null;
// The sessions are kept in files, so that a restart resumes them and misses nothing.
const options = fake?.options ?? { token, api, sessionStore: new FileSessionStore('sessions') };
const bot = createBot(options);

async function stop() {
  await bot.disconnect(); // Discord keeps the sessions
  await fake?.close();
}

bot.on('allReady', () => console.log('The bot is ready.'));
bot.on('fault', ({ message, hint }) => console.warn(`${message}\n  ${hint}`));
bot.on('failed', ({ message, hint }) => {
  console.error(`${message}\n  ${hint}`);
  process.exitCode = 1; // a supervisor sees that the bot has failed
  void stop();
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, stop);
void bot.connect(); // 'failed' reports why it can't
