/** Oceanic, whole: its caches are part of it. */
import { Client, GatewayOPCodes } from 'oceanic.js';
import { TOKEN } from '../../server/packets.ts';
import { countdown } from '../adapter.ts';
import type { CreateAdapter } from '../adapter.ts';

const create =
  (compressLibrary: 'native' | 'zlib-sync'): CreateAdapter =>
  ({ apiUrl, transport, shards, onDispatch }) => {
    const client = new Client({
      auth: `Bot ${TOKEN}`,
      rest: { baseURL: apiUrl },
      gateway: {
        intents: 1,
        maxShards: shards,
        concurrency: shards,
        compress: transport === 'zlib-stream' && 'zlib-stream',
        ...(transport === 'zlib-stream' && { compressLibrary }),
      },
    });
    client.on('packet', (packet) => {
      if (packet.op === GatewayOPCodes.DISPATCH) onDispatch(packet);
    });
    // What it says of a lost connection; without a listener it would be thrown.
    client.on('error', () => undefined);
    const { down, done } = countdown(shards);
    client.on('shardReady', down);
    return {
      connect: async () => {
        await client.connect();
        await done;
      },
    };
  };

export { create as createWith };
