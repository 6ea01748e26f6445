/** Runs the conformance tests with Oceanic and Node's zlib. */
import { Client, GatewayOPCodes } from 'oceanic.js';
import { describePeer, TOKEN } from './conformance.ts';

describePeer(
  'oceanic.js',
  ({ gateway, compress, onDispatch }) => {
    const client = new Client({
      auth: `Bot ${TOKEN}`,
      rest: { baseURL: gateway.apiUrl },
      gateway: {
        intents: 1,
        maxShards: 1,
        compress: compress && 'zlib-stream',
        ...(compress && { compressLibrary: 'native' as const }),
      },
    });
    client.on('packet', (packet) => {
      if (packet.op === GatewayOPCodes.DISPATCH) onDispatch(packet.t, packet.d);
    });
    // Emitted for a lost connection; without a listener it would throw.
    client.on('error', () => undefined);
    return {
      async start() {
        const ready = new Promise<void>((resolve) => client.once('ready', resolve));
        await client.connect();
        await ready;
      },
      stop: () => client.disconnect(false),
    };
  },
  {
    faults: ['the presence in IDENTIFY: since is missing, which Discord takes only here'],
    broken: {
      'identify-fields':
        'sets compress to the name of the transport compression, where the documentation has a boolean',
      'heartbeat-sequence': 'sends 0 instead of null in heartbeats before the first sequence',
    },
  },
);
