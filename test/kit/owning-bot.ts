/**
 * A bot with a session store of its own, run as a process by tests of two processes on one store. It reports what
 * happens to it by message, and stops on SIGTERM.
 */
import { FileSessionStore, MemoryIdentifyGate, Shard } from '../../src/index.ts';
import type { Session, SessionLease } from '../../src/index.ts';
import { QUICK } from './timing.ts';
import { TOKEN } from './virtual-shard.ts';

/** Reports each write that is on the disk. */
class ReportingStore extends FileSessionStore {
  override async save(session: Session, lease?: SessionLease): Promise<void> {
    await super.save(session, lease);
    process.send?.({ stored: session.sessionId });
  }
}

const [, , url = '', directory = ''] = process.argv;
const shard = new Shard({
  token: TOKEN,
  intents: ['Guilds'],
  url,
  timing: QUICK,
  identifyGate: new MemoryIdentifyGate({ spacingMs: 0, marginMs: 0 }),
  sessionStore: new ReportingStore(directory),
});
shard.on('stateChange', ({ to }) => process.send?.({ state: to, sessionId: shard.session?.sessionId ?? null }));
shard.onDispatch('MESSAGE_CREATE', ({ content }) => process.send?.({ content }));
process.once('SIGTERM', () => void shard.disconnect().then(() => process.disconnect()));
await shard.connect();
