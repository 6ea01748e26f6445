/** Makes the setting of a cluster run from its seed: its nodes, its shards, its network, and how many faults happen. */
import { randomFor } from '../../src/testing/seeded-random.ts';
import type { SeededRandom } from '../../src/testing/seeded-random.ts';

export interface ClusterSetting {
  readonly seed: number;
  readonly durationMs: number;
  /** How long faults happen, until all end for `calmMs`; then they happen again. */
  readonly stormMs: number;
  readonly calmMs: number;
  /** Mean time between two events of the script, in a storm. */
  readonly gapMs: number;
  /** How many nodes begin, and how many there are again after each storm, at least. */
  readonly nodes: number;
  readonly shards: number;
  readonly maxConcurrency: number;
  /** How many sessions the bot may start in all. */
  readonly sessionStarts: number;
  /** Whether `reshard()` is called, and every generation of shards receives the events of each guild. */
  readonly reshards: boolean;
  readonly leaseTtlMs: number;
  /** Whether the nodes publish. Without it their own listeners take the dispatches. */
  readonly publish: boolean;
  readonly latencyMs: number;
  /** How long a call of the engine takes there, and its answer back, in ms. */
  readonly engineLatencyMs: number;
  /** Mean time between two dispatches of a session. */
  readonly trafficMs: number;
}

const HOUR_MS = 3_600_000;

type Size = Pick<
  ClusterSetting,
  'durationMs' | 'calmMs' | 'nodes' | 'shards' | 'maxConcurrency' | 'trafficMs' | 'reshards'
>;

/** A few shards, and faults all the time. Every second one is resharded. */
const small = (random: SeededRandom, stormMs: number): Size => ({
  durationMs: stormMs,
  calmMs: 0,
  nodes: random.int(1, 4),
  shards: random.int(1, 10),
  maxConcurrency: random.pick([1, 2, 16]),
  trafficMs: random.magnitude(500, 60_000),
  reshards: random.chance(0.5),
});

/** Many shards, one or two storms, and hours in which nothing happens. */
const large = (random: SeededRandom, stormMs: number): Size => {
  const calmMs = random.int(2, 8) * HOUR_MS;
  return {
    durationMs: random.int(1, 2) * (stormMs + calmMs),
    calmMs,
    nodes: random.int(2, 5),
    shards: random.int(100, 400),
    maxConcurrency: 16,
    trafficMs: random.magnitude(60_000, 600_000),
    reshards: false,
  };
};

/** Every second cluster is a large one. */
export function clusterSettingOf(seed: number): ClusterSetting {
  const random = randomFor(seed, 'cluster setting');
  const stormMs = random.int(5, 20) * 60_000;
  return {
    seed,
    stormMs,
    gapMs: random.magnitude(4_000, 60_000),
    leaseTtlMs: random.pick([6_000, 12_000, 12_000]),
    publish: random.chance(0.6),
    sessionStarts: 1_000,
    latencyMs: random.int(1, 60),
    engineLatencyMs: random.int(1, 10),
    ...(seed % 2 === 0 ? large : small)(random, stormMs),
  };
}

/** Three nodes with six shards for ten minutes, for tests that inject one fault on purpose. */
export const HEALTHY_CLUSTER: Omit<ClusterSetting, 'seed'> = {
  durationMs: 600_000,
  stormMs: 600_000,
  calmMs: 0,
  gapMs: 60_000,
  nodes: 3,
  shards: 6,
  maxConcurrency: 1,
  sessionStarts: 1_000,
  reshards: false,
  leaseTtlMs: 12_000,
  publish: true,
  latencyMs: 20,
  engineLatencyMs: 1,
  trafficMs: 1_000,
};
