// A bot that a supervisor runs: Docker, Kubernetes or systemd. See docs/guides/operations.md.
import { FileSessionStore, ShardManager } from 'shardwright';
import { serveStatus } from 'shardwright/inspect';

/** What no restart cures: somebody has to change the token, the intents or another setting first. */
const NEEDS_A_PERSON = new Set([
  'AUTHENTICATION_FAILED',
  'DISALLOWED_INTENTS',
  'GATEWAY_INFO_INVALID',
  'INVALID_API_VERSION',
  'INVALID_INTENTS',
  'INVALID_OPTIONS',
  'INVALID_SHARD',
  'SHARDING_REQUIRED',
]);
/** 78 is EX_CONFIG of sysexits.h; 1 asks for a restart. */
const exitCodeOf = (error) => (NEEDS_A_PERSON.has(error?.code) ? 78 : 1);

let bot;

// An error of your own code. Unhandled rejections come here, too.
process.on('uncaughtException', (error) => {
  console.error(error);
  bot?.forceClose(); // at once; Discord keeps the sessions
  process.exit(exitCodeOf(error));
});

bot = new ShardManager({
  token: process.env.DISCORD_TOKEN,
  intents: ['Guilds', 'GuildMessages'],
  sessionStore: new FileSessionStore(process.env.SESSION_DIR ?? './sessions'),
  api: process.env.DISCORD_API ?? 'https://discord.com/api/v10',
});

bot.on('fault', ({ code, message, hint }) => console.warn(`${code}: ${message}. ${hint}`));
bot.on('failed', (error) => {
  console.error(`${error.code}: ${error.message}. ${error.hint}`);
  process.exitCode = exitCodeOf(error);
  bot.disconnect(); // the other shards; then nothing keeps the process running
});

// A deploy or a stop: the bot closes its connections, keeps its sessions, and exits with 0.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => bot.disconnect());

// Only trusted machines reach this port. Otherwise leave out host and allowedHosts.
const port = Number(process.env.STATUS_PORT ?? 8080);
await serveStatus(bot, { host: '0.0.0.0', port, allowedHosts: ['*'] });

bot.onDispatch('MESSAGE_CREATE', ({ author, content }) =>
  console.log(`${author.username}: ${content.length} characters`),
);

bot.connect(); // a failure is reported by 'failed'
