// A node of a cluster that a supervisor runs. See docs/cluster.md, and docs/guides/operations.md for the exit codes.
import { ShardManager } from 'shardwright';
import { serveStatus } from 'shardwright/inspect';
import { redisEngine } from 'shardwright/redis';

/** What no restart cures: somebody has to change the token, the intents or another setting first. */
const NEEDS_A_PERSON = new Set([
  'AUTHENTICATION_FAILED',
  'DISALLOWED_INTENTS',
  'ENGINE_INVALID',
  'GATEWAY_INFO_INVALID',
  'INVALID_API_VERSION',
  'INVALID_INTENTS',
  'INVALID_OPTIONS',
  'INVALID_SHARD',
  'SHARDING_REQUIRED',
]);

const node = new ShardManager({
  token: process.env.DISCORD_TOKEN,
  intents: ['Guilds', 'GuildMessages'],
  engine: redisEngine({ app: process.env.APP ?? 'my-bot', url: process.env.REDIS_URL }),
  publish: true,
  api: process.env.DISCORD_API ?? 'https://discord.com/api/v10',
});

node.on('fault', ({ code, message, hint }) => console.warn(`${code}: ${message}. ${hint}`));
node.on('failed', (error) => {
  console.error(`${error.code}: ${error.message}. ${error.hint}`);
  process.exitCode = NEEDS_A_PERSON.has(error.code) ? 78 : 1;
  node.disconnect(); // hands the other shards over; then nothing keeps the process running
});

// A deploy or a stop: the other nodes get the shards, and the process exits with 0.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => node.disconnect());

// Only trusted machines reach this port. Otherwise leave out host and allowedHosts.
const port = Number(process.env.STATUS_PORT ?? 8080);
await serveStatus(node, { host: '0.0.0.0', port, allowedHosts: ['*'] });

node.connect(); // a failure is reported by 'failed'
