/** A bot of 20 lines that runs as a process of its own, and writes what happens to it to stdout, a line each. */
import { Client, Events, GatewayIntentBits } from 'discord.js';
import { shardingStrategy } from '../../src/discordjs/index.ts';
import { FileSessionStore } from '../../src/index.ts';
import { QUICK } from '../kit/timing.ts';
import { TOKEN } from '../kit/virtual-shard.ts';

const [, , api = '', directory = '', shards = '1'] = process.argv;
const sessionStore = directory === '' ? {} : { sessionStore: new FileSessionStore(directory) };
const client = new Client({
  intents: [GatewayIntentBits.Guilds, GatewayIntentBits.GuildMessages, GatewayIntentBits.MessageContent],
  shardCount: Number(shards),
  rest: { api },
  ws: { buildStrategy: shardingStrategy({ timing: QUICK, ...sessionStore }) },
});
const write = (line: string): unknown => process.stdout.write(`${line}\n`);
client.once(Events.ClientReady, ({ user, guilds, channels }) =>
  write(`ready ${user.username} ${guilds.cache.size} ${channels.cache.size}`),
);
client.on(Events.MessageCreate, ({ id, content }) => {
  if (content === 'throw') throw new Error('a bug of the bot');
  write(`message ${id}`);
});
process.once('SIGTERM', () => void client.destroy());
await client.login(TOKEN);
write('logged in');
