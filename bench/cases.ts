/** What is measured of whom: the table of cases. */
import { CLIENT_IDS } from './clients.ts';
import type { ClientId } from './clients.ts';

/** Of one kind, all that differs is a number. */
interface Kinds {
  /** As fast as the client reads: CPU and time per dispatch. */
  backlog: object;
  /** A steady rate: latency from the gateway's send to the listener. */
  paced: { readonly perSecond: number };
  /** The longest the event loop is held during a backlog. */
  block: object;
  /** Heap and RSS per idle connected shard. */
  memory: { readonly shards: number };
  /** What stays in memory after forced reconnects. */
  growth: object;
  /** All sockets are killed at once. */
  storm: object;
  /** How late heartbeats are while dispatches arrive at full speed. */
  heartbeat: object;
  /** From HELLO to IDENTIFY. */
  hello: object;
  /** A manager with its shards in so many threads; 0 for its own. */
  threads: { readonly workers: number };
  /** Where the time of a backlog goes. */
  profile: object;
}

export type KindName = keyof Kinds;

type CaseOf<K extends KindName> = K extends KindName
  ? { readonly id: string; readonly kind: K; readonly client: ClientId } & Kinds[K]
  : never;

export type Case = CaseOf<KindName>;

const MAIN: readonly ClientId[] = [
  'floor-plain',
  'floor-zlib',
  'ours-plain',
  'ours-zlib',
  'discordjs-plain',
  'discordjs-zlib',
];
const ZSTD: readonly ClientId[] = ['floor-zstd', 'ours-zstd'];
const OTHERS: readonly ClientId[] = ['discordjs-zlib-sync', 'discordeno-zlib', 'eris-zlib', 'oceanic-zlib'];
const PROFILED: readonly ClientId[] = [
  'floor-plain',
  'floor-zlib',
  'ours-plain',
  'ours-zlib',
  'ours-zstd',
  'ours-plain-unread',
  'ours-zlib-unread',
  'ours-zstd-unread',
];
const RATES = [500, 2_000, 8_000] as const;
const SHARD_COUNTS = [1, 100, 500] as const;
export const WORKERS = [0, 1, 2] as const;

const simple = (kind: Exclude<KindName, 'paced' | 'memory' | 'threads'>, clients: readonly ClientId[]): Case[] =>
  clients.map((client) => ({ id: `${kind}/${client}`, kind, client }));

export const CASES: readonly Case[] = [
  ...simple('backlog', CLIENT_IDS),
  ...RATES.flatMap((perSecond) =>
    [...MAIN, ...ZSTD, ...OTHERS].map((client): Case => ({
      id: `paced-${perSecond}/${client}`,
      kind: 'paced',
      client,
      perSecond,
    })),
  ),
  ...simple('block', [...MAIN, ...ZSTD, ...OTHERS]),
  ...SHARD_COUNTS.flatMap((shards) =>
    [...MAIN, ...ZSTD, ...OTHERS].map((client): Case => ({
      id: `memory-${shards}/${client}`,
      kind: 'memory',
      client,
      shards,
    })),
  ),
  // The peers wait for seconds before each reconnect; one of them is enough to hold ours against.
  ...simple('growth', ['floor-plain', 'floor-zlib', 'ours-plain', 'ours-zlib', 'discordjs-zlib-sync']),
  ...simple('storm', [
    'floor-plain',
    'floor-zlib',
    'ours-plain',
    'ours-zlib',
    'discordjs-zlib',
    'discordeno-zlib',
    'eris-zlib',
    'oceanic-zlib',
    'seyfert-plain',
  ]),
  ...simple('heartbeat', [
    'floor-plain',
    'floor-zlib',
    'ours-plain',
    'ours-zlib',
    'discordjs-plain',
    'discordjs-zlib',
    'discordeno-zlib',
  ]),
  ...simple('hello', ['floor-plain', 'floor-zlib', 'ours-plain', 'ours-zlib', 'discordjs-zlib']),
  ...WORKERS.flatMap((workers) =>
    (['ours-zlib', 'ours-zlib-unread'] as const).map((client): Case => ({
      id: `threads-${workers}/${client}`,
      kind: 'threads',
      client,
      workers,
    })),
  ),
  ...simple('profile', PROFILED),
];

/** What every ratio is taken against. */
export const FLOOR: Case = CASES[0] as Case;
