/** Runs the simulation of a cluster: it plays the script, ends all faults, waits for recovery, and stops all nodes. */
import { SeededRandom, randomFor } from '../../src/testing/seeded-random.ts';
import { CLUSTER_CHECKS } from './cluster-checks.ts';
import type { ClusterCheckName } from './cluster-checks.ts';
import { CLUSTER_FAULTS } from './cluster-faults.ts';
import { clusterSettingOf } from './cluster-setting.ts';
import type { ClusterSetting } from './cluster-setting.ts';
import { ClusterWorld } from './cluster-world.ts';
import type { ClusterSabotage } from './cluster-world.ts';

export interface ClusterScriptEvent {
  /** Virtual ms since the run began. */
  readonly at: number;
  readonly name: string;
  /** The seed for the details of the event. */
  readonly detailSeed: number;
}

export interface ClusterViolation {
  readonly check: ClusterCheckName;
  readonly what: string;
  /** Virtual ms since the run began. */
  readonly at: number;
}

export interface ClusterResult {
  readonly setting: ClusterSetting;
  readonly violation: ClusterViolation | null;
  readonly shardHours: number;
  /** Those of the storms alone. */
  readonly stormyShardHours: number;
  /** How many faults were injected. */
  readonly faults: number;
}

export interface ClusterRunOptions {
  readonly setting?: Partial<ClusterSetting>;
  /** Replaces the script of the seed. */
  readonly script?: readonly ClusterScriptEvent[];
  readonly sabotage?: ClusterSabotage;
  /** Runs only these checks. Default: all. */
  readonly checks?: readonly ClusterCheckName[];
  /** Called with the world before the run begins. */
  readonly observe?: (world: ClusterWorld) => void;
}

/** Lets promises settle: a tick runs when no microtask is left. */
const microtasksDone = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));
const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
/** After this many steps the event loop of this process gets a turn. */
const STEPS_PER_TURN = 2_000;
/** Shards that are on their way from node to node, and the slowest backoff of a shard. */
const RECOVERY_MS = 240_000;
const HOUR_MS = 3_600_000;
const SETTLE_MS = 30_000;
/** Until the nodes have joined. */
const FIRST_EVENT_MS = 30_000;

export function clusterScriptOf(setting: ClusterSetting): ClusterScriptEvent[] {
  const random = randomFor(setting.seed, 'cluster script');
  const weights = Object.fromEntries(
    Object.entries(CLUSTER_FAULTS)
      .filter(([name]) => setting.reshards || name !== 'reshard')
      .map(([name, { weight }]) => [name, weight]),
  );
  const events: ClusterScriptEvent[] = [];
  const { durationMs, stormMs, calmMs, gapMs } = setting;
  for (let from = 0; from < durationMs; from += stormMs + calmMs) {
    for (let at = from + FIRST_EVENT_MS; at < from + stormMs; at += Math.ceil(random.exponential(gapMs)))
      events.push({ at, name: random.weighted(weights), detailSeed: random.int(0, 2 ** 31) });
    if (calmMs > 0) events.push({ at: from + stormMs, name: 'calm', detailSeed: 0 });
  }
  return events;
}

class ClusterRun {
  readonly #world: ClusterWorld;
  readonly #startedAt: number;
  #steps = 0;
  violation: ClusterViolation | null = null;

  constructor(world: ClusterWorld, checks: readonly ClusterCheckName[]) {
    this.#world = world;
    this.#startedAt = world.clock.now();
    for (const check of checks)
      CLUSTER_CHECKS[check].watch(world, (what) => (this.violation ??= { check, what, at: this.elapsedMs }));
  }

  get elapsedMs(): number {
    return this.#world.clock.now() - this.#startedAt;
  }

  /** Moves time forward for `ms`, or until `holds` returns `true`. */
  async pass(ms: number, holds: () => boolean = () => false): Promise<void> {
    const { clock } = this.#world;
    const until = clock.now() + ms;
    await microtasksDone();
    while (this.violation === null && clock.nextAt <= until && !holds()) {
      clock.step();
      await microtasksDone();
      this.#steps += 1;
      if (this.#steps % STEPS_PER_TURN === 0) await nextTurn();
    }
    if (this.violation === null && !holds()) clock.moveTo(until);
  }
}

export async function runCluster(seed: number, options: ClusterRunOptions = {}): Promise<ClusterResult> {
  const setting = { ...clusterSettingOf(seed), ...options.setting };
  const script = options.script ?? clusterScriptOf(setting);
  const world = new ClusterWorld(setting, options.sabotage);
  const run = new ClusterRun(world, options.checks ?? (Object.keys(CLUSTER_CHECKS) as ClusterCheckName[]));
  let faults = 0;
  options.observe?.(world);
  const onUncaught = (error: unknown): void => world.log.record('uncaught', { error });
  process.on('uncaughtException', onUncaught);
  process.on('unhandledRejection', onUncaught);
  try {
    // The code of a node is loaded in real time, which the world does not wait for.
    await import('../../src/cluster/node/cluster-node.ts');
    for (const event of script)
      world.clock.scheduleInWorld(() => void (play(world, event) && event.name !== 'calm' && (faults += 1)), event.at);
    const cycleMs = setting.stormMs + setting.calmMs;
    if (setting.calmMs > 0)
      for (let at = cycleMs; at <= setting.durationMs; at += cycleMs)
        world.clock.scheduleInWorld(() => world.log.record('rested', {}), at - 1);
    // Not at the same time: the order of nodes of one age follows from an id that no seed decides.
    for (let n = 0; n < setting.nodes; n += 1) world.clock.scheduleInWorld(() => world.startNode(), n * 100);
    await nextTurn();
    await run.pass(setting.durationMs);
    if (run.violation === null) await recover(world, run);
    await nextTurn();
  } catch (error) {
    world.log.record('uncaught', { error });
  } finally {
    process.off('uncaughtException', onUncaught);
    process.off('unhandledRejection', onUncaught);
    for (const node of world.running) node.kill();
  }
  return { setting, violation: run.violation, faults, ...shardHoursOf(setting, run.elapsedMs) };
}

function shardHoursOf({ shards, stormMs, calmMs }: ClusterSetting, elapsedMs: number) {
  const cycleMs = stormMs + calmMs;
  const stormyMs = Math.floor(elapsedMs / cycleMs) * stormMs + Math.min(elapsedMs % cycleMs, stormMs);
  return { shardHours: (elapsedMs * shards) / HOUR_MS, stormyShardHours: (stormyMs * shards) / HOUR_MS };
}

/** Returns whether it could happen. */
function play(world: ClusterWorld, { name, detailSeed }: ClusterScriptEvent): boolean {
  const what = CLUSTER_FAULTS[name]!.inject(world, new SeededRandom(detailSeed));
  if (what !== null) world.log.record('happened', { name, what });
  return what !== null;
}

/** Ends all faults, and waits until the shards are shared evenly and everything has arrived. */
async function recover(world: ClusterWorld, run: ClusterRun): Promise<void> {
  world.heal();
  const { current, next } = world.generations;
  const shards = current.total + (next?.total ?? 0);
  await run.pass(RECOVERY_MS + shards * 6_000, () => world.isWell && world.openCalls.length === 0);
  world.gateway.stopTraffic();
  await run.pass(SETTLE_MS);
  if (run.violation === null) world.log.record('recovered', {});
}
