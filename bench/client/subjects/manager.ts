/** Our manager, with its shards in this thread or in others. */
import { MemoryIdentifyGate, ShardManager } from '../../../src/index.ts';
import { TOKEN } from '../../server/talk.ts';
import type { CreateSubject } from '../subject.ts';

export const create: CreateSubject = ({ apiUrl, transport, shards, workers, onDispatch }) => {
  const manager = new ShardManager({
    token: TOKEN,
    intents: 1,
    api: apiUrl,
    compression: transport,
    shards,
    workers,
    identifyGate: new MemoryIdentifyGate({ maxConcurrency: shards, spacingMs: 0, marginMs: 0 }),
  });
  manager.on('dispatch', onDispatch);
  return { connect: () => manager.connect() };
};
