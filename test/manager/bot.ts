/**
 * A bot that runs as a separate process. It appends each event it has handled to a file before it handles the next,
 * prints a line when it is ready, and disconnects on SIGTERM.
 */
import { appendFileSync } from 'node:fs';
import { FileSessionStore, MemoryIdentifyGate, ShardManager } from '../../src/index.ts';

const [api = '', directory = '', handled = '', workers = '0'] = process.argv.slice(2);
const manager = new ShardManager({
  token: 'token',
  intents: ['Guilds'],
  api,
  shards: 4,
  workers: Number(workers),
  sessionStore: new FileSessionStore(directory),
  identifyGate: new MemoryIdentifyGate({ spacingMs: 0, marginMs: 0 }),
});
manager.onDispatch('MESSAGE_CREATE', ({ id }, _, shardId) => appendFileSync(handled, `${shardId} ${id}\n`));
process.once('SIGTERM', () => {
  void manager.disconnect();
});
await manager.connect();
process.stdout.write('ready\n');
