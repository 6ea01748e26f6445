/** The shards of `@discordeno/gateway`, without its manager, which would delay their IDENTIFYs. */
import { DiscordenoShard, TransportCompression } from '@discordeno/gateway';
import { TOKEN } from '../../server/packets.ts';
import type { Transport } from '../../server/recording.ts';
import type { CreateAdapter } from '../adapter.ts';

const silent = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  fatal: () => undefined,
};

/** Its zstd needs fzstd, which comes with it. */
const COMPRESSIONS: Readonly<Partial<Record<Transport, TransportCompression>>> = {
  'zlib-stream': TransportCompression.zlib,
  'zstd-stream': TransportCompression.zstd,
};

export const create: CreateAdapter = ({ url, transport, shards, onDispatch }) => {
  const fleet = Array.from(
    { length: shards },
    (_, id) =>
      new DiscordenoShard({
        id,
        connection: {
          compress: transport === 'payload',
          transportCompression: COMPRESSIONS[transport] ?? null,
          intents: 1,
          properties: { os: process.platform, browser: 'Discordeno', device: 'Discordeno' },
          token: TOKEN,
          url,
          version: 10,
          totalShards: shards,
        },
        events: { message: (_shard, { t, s, d }) => onDispatch({ t: t ?? null, s: s ?? null, d }) },
        logger: silent,
        requestIdentify: () => Promise.resolve(),
        shardIsReady: () => Promise.resolve(),
      }),
  );
  return { connect: async () => void (await Promise.all(fleet.map((shard) => shard.identify()))) };
};
