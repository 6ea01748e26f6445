/** How much is measured: `FULL` for published figures, `QUICK` to check that the bench works. */

export interface ClusterSettings {
  readonly seed: number;
  readonly rounds: {
    readonly backlog: number;
    readonly spread: number;
    readonly commit: number;
    readonly takeOver: number;
  };
  /** Of one shard. */
  readonly backlog: { readonly warmup: number; readonly measured: number };
  /** The warm-up and the measured time of dispatches at a steady rate. */
  readonly spread: {
    readonly shards: number;
    readonly perSecond: number;
    readonly warmupMs: number;
    readonly measuredMs: number;
  };
  /** The dispatches of each kind of commits. */
  readonly commits: number;
  readonly consumed: number;
  /** How often who has what is read, of a cluster with this many shards. */
  readonly looks: { readonly shards: number; readonly count: number };
  readonly takeOver: { readonly shards: number; readonly leaseTtlMs: number };
}

export const FULL: ClusterSettings = {
  seed: 1,
  rounds: { backlog: 9, spread: 5, commit: 5, takeOver: 3 },
  backlog: { warmup: 10_000, measured: 20_000 },
  spread: { shards: 50, perSecond: 1_000, warmupMs: 3_000, measuredMs: 10_000 },
  commits: 50_000,
  consumed: 50_000,
  looks: { shards: 1_600, count: 200 },
  takeOver: { shards: 300, leaseTtlMs: 12_000 },
};

export const QUICK: ClusterSettings = {
  seed: 1,
  rounds: { backlog: 1, spread: 1, commit: 1, takeOver: 1 },
  backlog: { warmup: 500, measured: 2_000 },
  spread: { shards: 10, perSecond: 200, warmupMs: 500, measuredMs: 1_000 },
  commits: 2_000,
  consumed: 2_000,
  looks: { shards: 100, count: 20 },
  takeOver: { shards: 20, leaseTtlMs: 2_000 },
};

/** Scales the rounds of all kinds, so that the backlog has `rounds` of them. */
export function withRounds(settings: ClusterSettings, rounds: number): ClusterSettings {
  const scaled = (count: number): number => Math.max(1, Math.round((count * rounds) / settings.rounds.backlog));
  const { backlog, spread, commit, takeOver } = settings.rounds;
  return {
    ...settings,
    rounds: { backlog: scaled(backlog), spread: scaled(spread), commit: scaled(commit), takeOver: scaled(takeOver) },
  };
}
