/** A bot that ends right after its start, before its session is stored. A supervisor would start it again. */
import { FileSessionStore, MemoryIdentifyGate, Shard } from '../../src/index.ts';
import { QUICK } from './timing.ts';
import { TOKEN } from './virtual-shard.ts';

const [, , url = '', directory = ''] = process.argv;
const shard = new Shard({
  token: TOKEN,
  intents: ['Guilds'],
  url,
  timing: QUICK,
  identifyGate: new MemoryIdentifyGate({ spacingMs: 0, marginMs: 0 }),
  sessionStore: new FileSessionStore(directory),
  startGuard: { minWaitMs: 600_000, maxWaitMs: 600_000 },
});
// Nobody waits for ten minutes: the fault says that this start waits.
shard.on('fault', ({ code }) => process.exit(code === 'STARTS_TOO_FAST' ? 8 : 1));
shard.on('ready', () => process.exit(7));
await shard.connect();
