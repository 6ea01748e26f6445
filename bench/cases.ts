/** The table of cases: which scenario is measured with which client. */
import { CLIENT_IDS } from './clients.ts';
import type { ClientId } from './clients.ts';

/** The kinds of cases, each with the numbers that its cases vary. */
interface Kinds {
  /** CPU and time per dispatch, as fast as the client reads. */
  backlog: object;
  /** Latency from the gateway's write to the listener, at a steady rate. */
  paced: { readonly perSecond: number };
  /** The max time that the event loop is blocked during a backlog. */
  block: object;
  /** Heap and RSS per idle connected shard. */
  memory: { readonly shards: number };
  /** The growth of memory over forced reconnects. */
  growth: object;
  /** The recovery when all sockets are killed at once. */
  storm: object;
  /** The delay of heartbeats while dispatches arrive at full speed. */
  heartbeat: object;
  /** The time from HELLO to IDENTIFY, in a new process. */
  hello: object;
  /** Dispatches per second of a manager, with its shards in `workers` threads; 0 is the main thread. */
  threads: { readonly workers: number };
  /** Which parts of the program use the time of a backlog. */
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
  // Other clients wait seconds before each reconnect, so one of them is enough for comparison.
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

/** The case that every CPU ratio is relative to. */
export const FLOOR: Case = CASES[0] as Case;
