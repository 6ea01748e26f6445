/** The table of cases: which scenario is measured with which client. */
import { CLIENT_IDS } from './clients.ts';
import type { ClientId } from './clients.ts';
import { MIX_NAMES } from './mix.ts';
import type { MixName } from './mix.ts';

/** The kinds of cases, each with the numbers that its cases vary. */
interface Kinds {
  /** CPU and time per dispatch, as fast as the client reads. */
  backlog: { readonly mix: MixName; readonly generations: 'all' | 'last' };
  /** Latency from the gateway's write to the listener, at a steady rate. */
  paced: { readonly perSecond: number };
  /** The max time that the event loop is blocked during a backlog. */
  block: object;
  /** Heap and RSS per idle connected shard. */
  memory: { readonly shards: number };
  /** What connecting a shard allocates, and its CPU. */
  connect: object;
  /** The CPU of a thousand idle shards. */
  idle: object;
  /** The growth of memory over forced reconnects. */
  growth: object;
  /** The recovery when all sockets are killed at once. */
  storm: object;
  /** The delay of heartbeats while dispatches arrive at full speed. */
  heartbeat: object;
  /** The time from HELLO to IDENTIFY, in a new process. */
  hello: object;
  /** The time to import the published package, in a new process. */
  start: object;
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
export type BacklogCase = CaseOf<'backlog'>;

/** In every mix. */
const CODECS: readonly ClientId[] = [
  'floor-plain',
  'floor-zlib',
  'floor-zstd',
  'floor-plain-unread',
  'floor-zlib-unread',
  'floor-zstd-unread',
  'ours-plain',
  'ours-zlib',
  'ours-zstd',
  'ours-plain-unread',
  'ours-zlib-unread',
  'ours-zstd-unread',
  'discordjs-plain',
  'discordjs-zlib',
  'discordjs-zlib-sync',
];
/** Not in a backlog, which they would not change. */
const ELSEWHERE: readonly ClientId[] = ['ours-zlib-recorder', 'ours-zlib-in-turn'];
/** In the usual mix only, and only in the last generation of processes, because they take most of the time. */
const OTHERS = CLIENT_IDS.filter((id) => !CODECS.includes(id) && !ELSEWHERE.includes(id));

const MAIN: readonly ClientId[] = [
  'floor-plain',
  'floor-zlib',
  'ours-plain',
  'ours-zlib',
  'discordjs-plain',
  'discordjs-zlib',
];
const ZSTD: readonly ClientId[] = ['floor-zstd', 'ours-zstd'];
const PEERS: readonly ClientId[] = ['discordjs-zlib-sync', 'discordeno-zlib', 'eris-zlib', 'oceanic-zlib'];
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
const RATES = [2_000, 8_000] as const;
const SHARD_COUNTS = [500] as const;
export const WORKERS = [0, 1, 2] as const;

const simple = (
  kind: Exclude<KindName, 'backlog' | 'paced' | 'memory' | 'threads'>,
  clients: readonly ClientId[],
): Case[] => clients.map((client) => ({ id: `${kind}/${client}`, kind, client }));

const backlog = (mix: MixName): Case[] =>
  (mix === 'usual' ? [...CODECS, ...OTHERS] : CODECS).map((client) => ({
    id: `backlog-${mix}/${client}`,
    kind: 'backlog',
    client,
    mix,
    generations: CODECS.includes(client) ? 'all' : 'last',
  }));

export const CASES: readonly Case[] = [
  ...MIX_NAMES.flatMap(backlog),
  ...RATES.flatMap((perSecond) =>
    // At the highest rate, @discordjs/ws stands for all clients that decompress in other threads.
    [...MAIN, ...ZSTD, ...(perSecond === RATES[0] ? PEERS : [])].map((client): Case => ({
      id: `paced-${perSecond}/${client}`,
      kind: 'paced',
      client,
      perSecond,
    })),
  ),
  { id: 'paced-2000/ours-zlib-recorder', kind: 'paced', client: 'ours-zlib-recorder', perSecond: 2_000 },
  ...simple('block', [...MAIN, ...ZSTD, ...PEERS]),
  ...SHARD_COUNTS.flatMap((shards) =>
    [...MAIN, 'ours-zlib-in-turn' as const, ...ZSTD, ...PEERS].map((client): Case => ({
      id: `memory-${shards}/${client}`,
      kind: 'memory',
      client,
      shards,
    })),
  ),
  ...simple('connect', ['floor-zlib', 'ours-zlib', 'discordjs-zlib', 'discordeno-zlib']),
  ...simple('idle', ['floor-zlib', 'ours-zlib', 'ours-plain-page', 'discordjs-zlib', 'discordeno-zlib']),
  // Other clients wait seconds before each reconnect, so one of them is enough for comparison.
  ...simple('growth', ['floor-zlib', 'ours-zlib', 'discordjs-zlib-sync']),
  ...simple('storm', ['floor-plain', 'floor-zlib', 'ours-plain', 'ours-zlib', 'discordjs-zlib', 'discordeno-zlib']),
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
  ...simple('start', ['floor-plain', 'ours-plain', 'discordjs-plain', 'discordeno-plain']),
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
