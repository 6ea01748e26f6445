/** Our manager, with its shards in this thread or in worker threads. */
import { MemoryIdentifyGate, ShardManager } from '../../../src/index.ts';
import { TOKEN } from '../../server/packets.ts';
import type { CreateAdapter } from '../adapter.ts';

export const create: CreateAdapter = ({ apiUrl, transport, shards, workers, onDispatch }) => {
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
