/** The whole of eris, because its caches can't be turned off. It uses zlib-sync where it finds it, and pako otherwise. */
import { Client } from 'eris';
import { TOKEN } from '../../server/packets.ts';
import { clientAdapter } from '../adapter.ts';
import type { CreateAdapter } from '../adapter.ts';

export const create: CreateAdapter = ({ url, transport, shards, onDispatch }) => {
  const client = new Client(`Bot ${TOKEN}`, { intents: 1, compress: transport === 'zlib-stream', maxShards: shards });
  // Its REST client supports HTTPS only, which the bench does not serve.
  client.getBotGateway = () =>
    Promise.resolve({
      url,
      shards,
      session_start_limit: { total: 1_000_000, remaining: 1_000_000, reset_after: 86_400_000, max_concurrency: shards },
    });
  client.on('rawWS', ({ op, t, s, d }) => {
    if (op === 0) onDispatch({ t: t ?? null, s: s ?? null, d });
  });
  return clientAdapter(client, shards);
};
