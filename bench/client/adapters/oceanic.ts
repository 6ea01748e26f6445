/** The whole of Oceanic, because its caches can't be turned off. */
import { Client, GatewayOPCodes } from 'oceanic.js';
import { TOKEN } from '../../server/packets.ts';
import { clientAdapter } from '../adapter.ts';
import type { CreateAdapter } from '../adapter.ts';

export const create: CreateAdapter = ({ apiUrl, transport, shards, nativeZlib, onDispatch }) => {
  const client = new Client({
    auth: `Bot ${TOKEN}`,
    rest: { baseURL: apiUrl },
    gateway: {
      intents: 1,
      maxShards: shards,
      concurrency: shards,
      compress: (transport === 'zlib-stream' || transport === 'zstd-stream') && transport,
      ...(transport.endsWith('-stream') && { compressLibrary: nativeZlib ? 'zlib-sync' : 'native' }),
    },
  });
  client.on('packet', (packet) => {
    if (packet.op === GatewayOPCodes.DISPATCH) onDispatch(packet);
  });
  return clientAdapter(client, shards);
};
