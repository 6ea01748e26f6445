/** How much is measured: `FULL` for published figures, `QUICK` to check that the bench works. */
import { CASES } from './cases.ts';
import type { Case, KindName } from './cases.ts';

export interface Settings {
  readonly seed: number;
  /** The number of rounds of each kind. */
  readonly rounds: Readonly<Record<KindName, number>>;
  /** The events before the measured ones, which make V8 compile the code. */
  readonly warmup: number;
  readonly measured: number;
  /** How long a paced case lasts. */
  readonly pacedMs: number;
  /** For `growth`: the reconnects before the first measurement, and between the two. */
  readonly reconnects: { readonly before: number; readonly between: number };
  readonly stormShards: number;
  readonly heartbeatIntervalMs: number;
  readonly floodMs: number;
  /** The rates of the `paced` cases, in events per second. Cases with other rates are skipped. */
  readonly rates: readonly number[];
  /** The shard counts of the `memory` cases. Cases with other counts are skipped. */
  readonly fleets: readonly number[];
  /** The ids of other cases to skip. */
  readonly skipped: readonly string[];
}

export const FULL: Settings = {
  seed: 1,
  rounds: {
    backlog: 9,
    paced: 2,
    block: 2,
    memory: 2,
    growth: 1,
    storm: 2,
    heartbeat: 2,
    hello: 9,
    profile: 2,
    threads: 3,
  },
  warmup: 10_000,
  measured: 20_000,
  pacedMs: 2_500,
  reconnects: { before: 300, between: 200 },
  stormShards: 200,
  heartbeatIntervalMs: 1_000,
  floodMs: 6_000,
  rates: [500, 2_000, 8_000],
  fleets: [1, 100, 500],
  skipped: [],
};

/** The cases of other clients that work the same way as their backlog case. */
const PEER_CASES = CASES.filter(
  ({ kind, client }) => /^(?:paced|block|memory)$/.test(kind) && !/^(?:floor|ours)-/.test(client),
).map(({ id }) => id);

export const QUICK: Settings = {
  seed: 1,
  rounds: {
    backlog: 1,
    paced: 1,
    block: 1,
    memory: 1,
    growth: 1,
    storm: 1,
    heartbeat: 1,
    hello: 1,
    profile: 1,
    threads: 1,
  },
  warmup: 500,
  measured: 2_000,
  pacedMs: 300,
  reconnects: { before: 5, between: 20 },
  stormShards: 50,
  heartbeatIntervalMs: 500,
  floodMs: 1_500,
  rates: [2_000],
  fleets: [100],
  skipped: [
    ...PEER_CASES,
    'storm/seyfert-plain',
    'profile/floor-zlib',
    'profile/ours-plain',
    'profile/ours-plain-unread',
    'profile/ours-zstd',
    'profile/ours-zstd-unread',
  ],
};

/** Scales the rounds of all kinds, so that the backlog has `rounds` of them. */
export function withRounds(settings: Settings, rounds: number): Settings {
  const scale = rounds / settings.rounds.backlog;
  const scaled = Object.entries(settings.rounds).map(([kind, count]) => [kind, Math.max(1, Math.round(count * scale))]);
  return { ...settings, rounds: Object.fromEntries(scaled) };
}

export function includes({ rates, fleets, skipped }: Settings, item: Case): boolean {
  if (skipped.includes(item.id)) return false;
  return item.kind === 'paced'
    ? rates.includes(item.perSecond)
    : item.kind !== 'memory' || fleets.includes(item.shards);
}
