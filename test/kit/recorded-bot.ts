/** A bot with a recorder, for tests that kill it. It prints a line when a record could be in the recording. */
import { MemoryIdentifyGate, Shard } from '../../src/index.ts';
import { FlightRecorder } from '../../src/recorder/index.ts';
import { QUICK } from './timing.ts';
import { TOKEN } from './virtual-shard.ts';

const [, , url = '', directory = '', maxBytes = '67108864'] = process.argv;
const shard = new Shard({
  token: TOKEN,
  intents: ['Guilds'],
  url,
  timing: QUICK,
  identifyGate: new MemoryIdentifyGate({ spacingMs: 0, marginMs: 0 }),
  inspect: new FlightRecorder({ directory, maxBytes: Number(maxBytes) }),
});
shard.on('stateChange', ({ to }) => process.stdout.write(`${Date.now()} ${to}\n`));
shard.on('heartbeat', () => process.stdout.write(`${Date.now()} beat\n`));
/** Longer than the gateway waits for a heartbeat. */
function block(): void {
  const until = performance.now() + 3_000;
  while (performance.now() < until);
}

process.on('message', (order) => {
  if (order === 'exit') process.exit(3);
  if (order === 'block') block();
  if (order === 'throw') throw new TypeError('a message that must not be recorded');
});
await shard.connect();
// So that much is written, also compressed.
const beat = (): void => void shard.heartbeat().then(beat, () => setTimeout(beat, 10));
beat();
