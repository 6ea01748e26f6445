/** A bot of seyfert whose gateway is a manager. Run `npm run example:seyfert`. */
// #region page
import { Client } from 'seyfert';
import { ShardManager } from '../src/index.ts'; // in your project: from 'shardwright'
import { seyfertGateway } from '../src/seyfert/index.ts'; // in your project: from 'shardwright/seyfert'
// #endregion
import { ApiHandler, createEvent } from 'seyfert';
import type { ClientEvent } from 'seyfert';
import { parseArgs } from 'node:util';
import { openDiscord } from './kit/discord.ts';

const { live } = parseArgs({ options: { live: { type: 'boolean', default: false } } }).values;
await using discord = await openDiscord({ live, readyGuilds: [{ id: '1' }] });
const { token, api } = discord;
// Instead of the file seyfert.config.mjs of a bot.
const getRC = () => ({ token, locations: { base: '' } });
const rest = new ApiHandler({ token, domain: api.replace('/api/v10', '') });

// #region page
const manager = new ShardManager({
  token,
  api, // only here
  intents: ['Guilds', 'GuildMessages', 'MessageContent'],
});
const client = new Client();
client.options.getRC = getRC; // only here
client.setServices({ rest }); // only here
client.setServices({ gateway: seyfertGateway(manager) });
await client.start();
// #endregion

const onMessage = createEvent({
  data: { name: 'messageCreate' },
  async run({ author, content, channelId }) {
    if (author.bot !== true && content === '!ping') await client.messages.write(channelId, { content: 'pong' });
  },
});
// Instead of a file in the folder of events.
client.events.set([onMessage as unknown as ClientEvent]);

await discord.runScenario(async (fake) => {
  await fake.ask('!ping');
  console.log('The connection breaks.');
  fake.gateway.connections[0]?.terminate();
  await fake.ask('!ping');
});
await manager.disconnect();
