/** Runs the conformance tests with Eris and pako. Its REST client only speaks HTTPS, so the test passes it the URL. */
import { Client } from 'eris';
import { describePeer, TOKEN } from './conformance.ts';

describePeer(
  'eris',
  ({ gateway, compress, onDispatch }) => {
    const client = new Client(`Bot ${TOKEN}`, { intents: 1, compress, maxShards: 'auto' });
    client.getBotGateway = () =>
      Promise.resolve({
        url: gateway.url,
        shards: 1,
        session_start_limit: { total: 1000, remaining: 1000, reset_after: 0, max_concurrency: 1 },
      });
    client.on('rawWS', ({ op, t, d }) => {
      if (op === 0 && typeof t === 'string') onDispatch(t, d);
    });
    // Emitted for a lost connection; without a listener it would throw.
    client.on('error', () => undefined);
    return {
      async start() {
        const ready = new Promise<void>((resolve) => client.once('ready', resolve));
        await client.connect();
        await ready;
      },
      stop: () => client.disconnect({ reconnect: false }),
    };
  },
  {
    faults: [
      'IDENTIFY asked for payload compression on top of transport compression',
      'the presence in IDENTIFY: activities is null; no activities are an empty list',
    ],
    broken: { 'identify-fields': 'requests payload compression although the stream is compressed already' },
  },
);
