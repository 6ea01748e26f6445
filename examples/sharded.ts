/**
 * A bot with as many shards as Discord recommends. Run `npm run example:sharded`, or
 * `npm run example:sharded -- --workers 2` for two worker threads.
 */
import { parseArgs } from 'node:util';
import { ShardManager } from '../src/index.ts'; // in your project: from 'shardwright'
import type { ManagerOptions } from '../src/index.ts';
import { openDiscord } from './kit/discord.ts';
import { restSender } from './ping-pong.ts';

const { live, workers } = parseArgs({
  options: { live: { type: 'boolean', default: false }, workers: { type: 'string', default: '0' } },
}).values;
await using discord = await openDiscord({ live, shards: 8, sessionStartLimit: { maxConcurrency: 8 } });
const { token, api } = discord;

const options: ManagerOptions = {
  token,
  api,
  intents: ['Guilds', 'GuildMessages', 'MessageContent'],
  workers: Number(workers),
};
await using manager = new ShardManager(options);
const sendMessage = restSender(api, token);

let lastReady = 0;
manager.on('progress', ({ ready, total, etaMs }) => {
  if (ready === lastReady) return;
  lastReady = ready;
  console.log(`${ready} of ${total} shards are ready; at most ${Math.ceil(etaMs / 1000)} s left.`);
});
manager.on('resumed', ({ replayed }, shardId) =>
  console.log(`Shard ${shardId} reconnected; events missed and replayed: ${replayed}.`),
);
manager.on('fault', ({ code, hint }, shardId) => console.warn(`Shard ${shardId}: ${code}: ${hint}`));
manager.onDispatch('MESSAGE_CREATE', ({ content, channel_id: channelId, author }, _, shardId) => {
  if (content === '!ping' && author.bot !== true) return sendMessage(channelId, `pong from shard ${shardId}`);
  return undefined;
});

await manager.connect();
await discord.runScenario(async (fake) => {
  // The id of a guild decides its shard: these three are on shards 0, 1 and 2.
  const guilds = Array.from({ length: 3 }, (_, n) => String(BigInt(n) << 22n));
  for (const guild of guilds) await fake.ask('!ping', guild);
  console.log('All connections break.');
  for (const connection of fake.gateway.connections) connection.terminate();
  for (const guild of guilds) await fake.ask('!ping', guild);
});
