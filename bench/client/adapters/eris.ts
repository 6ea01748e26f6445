/** Eris, whole: its caches are part of it. Its zlib is pako, or zlib-sync where it finds that. */
import { Client } from 'eris';
import { TOKEN } from '../../server/packets.ts';
import { countdown } from '../adapter.ts';
import type { CreateAdapter } from '../adapter.ts';

export const create: CreateAdapter = ({ url, transport, shards, onDispatch }) => {
  const client = new Client(`Bot ${TOKEN}`, { intents: 1, compress: transport === 'zlib-stream', maxShards: shards });
  // Its REST client speaks HTTPS alone.
  client.getBotGateway = () =>
    Promise.resolve({
      url,
      shards,
      session_start_limit: { total: 1_000_000, remaining: 1_000_000, reset_after: 86_400_000, max_concurrency: shards },
    });
  client.on('rawWS', ({ op, t, s, d }) => {
    if (op === 0) onDispatch({ t: t ?? null, s: s ?? null, d });
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
