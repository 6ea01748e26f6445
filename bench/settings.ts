/** How much is measured: `FULL` for figures that count, `QUICK` for a fast and honest answer about the most important. */
import type { Case, KindName } from './cases.ts';
import type { MixName } from './mix.ts';

export interface Settings {
  readonly seed: number;
  /** The number of rounds of each kind but the backlog. */
  readonly rounds: Readonly<Record<Exclude<KindName, 'backlog'>, number>>;
  readonly backlog: BacklogSettings;
  /** For the other recorded kinds: the events before the measured ones, which make V8 compile the code. */
  readonly warmup: number;
  readonly measured: number;
  /** How long a paced case lasts. */
  readonly pacedMs: number;
  /** For `growth`: the reconnects before the first measurement, and between the two. */
  readonly reconnects: { readonly before: number; readonly between: number };
  readonly stormShards: number;
  readonly connectShards: number;
  /** For `idle`: the shards, and how long they are measured. */
  readonly idle: { readonly shards: number; readonly ms: number };
  readonly heartbeatIntervalMs: number;
  readonly floodMs: number;
  /** Returns whether a case is measured. */
  readonly includes: (item: Case) => boolean;
}

/** In a turn, a client replays the same slice of events again and again, in passes with the clients it is compared with. */
export interface BacklogSettings {
  readonly sliceEvents: Readonly<Record<MixName, number>>;
  /** A client uses at least this much CPU in its turn, so that short slices are no noisier than long ones. */
  readonly turnMs: number;
  /** The passes of the slowest clients. */
  readonly minPasses: number;
  /** How often all clients are started anew, because a process may be lucky or unlucky for all of its life. */
  readonly generations: number;
  /** The rounds of each generation. In a round each client has one turn. */
  readonly rounds: number;
  /** The rounds that may be added while a ratio is too noisy. */
  readonly extraRounds: number;
  /** A client is warm when a window of slices is cheaper than the one before by at most this part, in the median. */
  readonly settled: number;
  /** The slices of one such window, and the max number of slices of a warm-up. */
  readonly window: number;
  readonly maxWarmup: number;
}

const BACKLOG: BacklogSettings = {
  sliceEvents: { chat: 1_250, usual: 2_500, startup: 500 },
  turnMs: 250,
  minPasses: 2,
  generations: 3,
  rounds: 2,
  extraRounds: 3,
  settled: 0.05,
  window: 3,
  maxWarmup: 36,
};

export const FULL: Settings = {
  seed: 1,
  rounds: {
    paced: 1,
    block: 1,
    memory: 1,
    connect: 1,
    idle: 1,
    growth: 1,
    storm: 1,
    heartbeat: 1,
    hello: 3,
    start: 5,
    profile: 1,
    threads: 1,
  },
  backlog: BACKLOG,
  warmup: 10_000,
  measured: 10_000,
  pacedMs: 1_200,
  reconnects: { before: 100, between: 200 },
  stormShards: 200,
  connectShards: 500,
  idle: { shards: 1_000, ms: 15_000 },
  heartbeatIntervalMs: 1_000,
  floodMs: 2_200,
  includes: () => true,
};

/** The floors, our shard, and @discordjs/ws; the cost of a dispatch, and the memory of a shard. */
const QUICK_CLIENT = /^(?:floor|ours)-(?:plain|zlib|zstd)(?:-unread)?$|^discordjs-(?:plain|zlib)$/;

export const QUICK: Settings = {
  ...FULL,
  backlog: { ...BACKLOG, turnMs: 200, generations: 1, rounds: 3, extraRounds: 0, maxWarmup: 18 },
  includes: (item) =>
    QUICK_CLIENT.test(item.client) &&
    (item.kind === 'backlog' || (item.kind === 'memory' && item.shards === 500 && item.client.endsWith('-zlib'))),
};

/** Scales the rounds of all kinds, so that a generation of the backlog has `rounds` of them. */
export function withRounds(settings: Settings, rounds: number): Settings {
  const scale = rounds / settings.backlog.rounds;
  const scaled = Object.entries(settings.rounds).map(([kind, count]) => [kind, Math.max(1, Math.round(count * scale))]);
  return {
    ...settings,
    rounds: Object.fromEntries(scaled) as Settings['rounds'],
    backlog: { ...settings.backlog, rounds },
  };
}
