/** A process that claims shard 0 of a directory, says so, and runs until it is killed. */
import { FileSessionStore } from '../../src/session/file-session-store.ts';

const [, , directory = ''] = process.argv;
await new FileSessionStore(directory).claim(0);
process.send?.('claimed');
process.on('message', () => undefined);
