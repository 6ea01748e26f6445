/**
 * The gateway client of seyfert. It connects with TLS on port 443 only, so the bench redirects its upgrade request, and
 * nothing else. Its manager starts one shard per 5.5 s, so the bench starts the shards without it.
 */
import { createRequire } from 'node:module';
import type * as http from 'node:http';
import { GatewayDispatchEvents, ShardManager } from 'seyfert';
import { TOKEN } from '../../server/packets.ts';
import { countReady } from '../adapter.ts';
import type { CreateAdapter } from '../adapter.ts';

const require = createRequire(import.meta.url);

function redirectTo(url: string): void {
  const https = require('node:https') as { request: typeof http.request };
  const { request } = require('node:http') as typeof http;
  const { hostname, port } = new URL(url);
  https.request = ((options: http.RequestOptions) => request({ ...options, hostname, port })) as typeof http.request;
}

export const create: CreateAdapter = ({ url, shards, onDispatch }) => {
  redirectTo(url);
  const ready = countReady(shards);
  const manager = new ShardManager({
    token: TOKEN,
    intents: 1,
    info: {
      url,
      shards,
      session_start_limit: { total: 1_000_000, remaining: 1_000_000, reset_after: 86_400_000, max_concurrency: shards },
    },
    handlePayload: (_shardId, { t, s, d }) => {
      if (t === GatewayDispatchEvents.Ready) ready.count();
      onDispatch({ t, s: s ?? null, d });
    },
  });
  return {
    connect: () => {
      for (let shardId = 0; shardId < shards; shardId += 1) void manager.create(shardId).connect();
      return ready.after(undefined);
    },
  };
};
