/**
 * A bot with `warmStart` that runs as a separate process. It remembers its guilds and channels as a framework does, only
 * from dispatches. It appends each message that it has handled to a file, and answers a message `what` with what it
 * knows. It disconnects on SIGTERM.
 */
import { appendFileSync } from 'node:fs';
import { FileSessionStore, MemoryIdentifyGate, ShardManager } from '../../src/index.ts';

const [api = '', directory = '', handled = '', workers = '0'] = process.argv.slice(2);
const manager = new ShardManager({
  token: 'token',
  intents: ['Guilds'],
  api,
  shards: 2,
  workers: Number(workers),
  warmStart: true,
  sessionStore: new FileSessionStore(directory),
  identifyGate: new MemoryIdentifyGate({ spacingMs: 0, marginMs: 0 }),
});
const channels = new Map<string, string[]>();
let restored = 0;
manager.on('dispatch', ({ isRestored }) => {
  if (isRestored === true) restored += 1;
});
manager.onDispatch('GUILD_CREATE', (guild) => {
  channels.set(
    guild.id,
    guild.channels.map(({ id }) => id),
  );
});
manager.onDispatch('GUILD_DELETE', ({ id }) => channels.delete(id));
manager.onDispatch('CHANNEL_CREATE', ({ id, guild_id: guildId }) => channels.get(guildId)?.push(id));
manager.onDispatch('CHANNEL_DELETE', ({ id, guild_id: guildId }) =>
  channels.set(guildId, channels.get(guildId)?.filter((one) => one !== id) ?? []),
);
manager.onDispatch('MESSAGE_CREATE', ({ id, content }, _, shardId) => {
  if (content === 'what') {
    const known = [...channels.entries()].map(([guildId, ids]) => [guildId, [...new Set(ids)]]);
    process.stdout.write(`${JSON.stringify({ shardId, restored, user: manager.user?.id, known })}\n`);
  } else appendFileSync(handled, `${shardId} ${id}\n`);
});
process.once('SIGTERM', () => void manager.disconnect());
await manager.connect();
process.stdout.write('ready\n');
