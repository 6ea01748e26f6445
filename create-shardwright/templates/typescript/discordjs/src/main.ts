/** Starts the bot: on Discord with the token in DISCORD_TOKEN, without one on a fake Discord in this process. */
import { Events } from 'discord.js';
import { FileSessionStore } from 'shardwright';
import { createBot } from './bot.ts';
import { openFakeDiscordOnTerminal } from './fake-discord.ts';

const { DISCORD_TOKEN: token = '', DISCORD_API: api } = process.env;
const fake = token === '' ? await openFakeDiscordOnTerminal() : null;
// The sessions are kept in files, so that a restart resumes them and misses nothing.
const options = fake?.options ?? { token, api, sessionStore: new FileSessionStore('sessions') };
const bot = createBot(options);

async function stop() {
  await bot.destroy(); // Discord keeps the sessions
  await fake?.close();
}

function fail() {
  process.exitCode = 1; // a supervisor sees that the bot has failed
  void stop();
}

bot.once(Events.ClientReady, () => console.log('The bot is ready.'));
bot.on(Events.ShardError, ({ message }) => console.warn(message));
bot.on(Events.ShardDisconnect, fail); // for good; ShardError says why
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, stop);
bot.login(options.token).catch((error) => {
  if (error.code === 'STOPPED') return; // by a signal
  console.error(error.hint ?? error.message); // ShardError had the message of an error with a hint
  fail();
});
