/** Runs the simulation of one seed: it plays the script, ends all faults, waits for recovery, and stops everything. */
import { DEFAULT_TIMING } from '../machines/index.ts';
import { HAND_OVER_TIMEOUT_MS } from '../machines/manager/delays.ts';
import { GUILD_TIMEOUT_MS } from '../src/manager/reshard/guild-sync.ts';
import { CHECKS, checksOf } from './checks/index.ts';
import type { CheckName } from './checks/index.ts';
import { performAction } from './user-actions.ts';
import { randomFor } from '../src/testing/seeded-random.ts';
import { MAX_SHARDS, performManagerAction } from './manager/manager-actions.ts';
import { schedule, scriptOf } from './script.ts';
import type { ScriptEvent } from './script.ts';
import { settingOf } from './setting.ts';
import type { Setting } from './setting.ts';
import { World } from './world.ts';
import type { Sabotage } from './world.ts';

export interface Violation {
  readonly check: CheckName;
  readonly what: string;
  /** Virtual milliseconds since the run began. */
  readonly at: number;
}

export interface RunResult {
  readonly setting: Setting;
  readonly violation: Violation | null;
  readonly events: number;
  readonly shardHours: number;
}

export interface RunOptions {
  /** Runs only the first events of the script. */
  readonly events?: number;
  /** Replaces the script of the seed. */
  readonly script?: readonly ScriptEvent[];
  readonly setting?: Partial<Setting>;
  readonly sabotage?: Sabotage;
  /** Runs only these checks. Default: all. */
  readonly checks?: readonly CheckName[];
  /** Called with the world before the run begins. */
  readonly observe?: (world: World) => void;
}

/** Lets promises settle: a tick runs when no microtask is left. */
const microtasksDone = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));
const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
const SLOWEST_CONSUMER_MS = 125_000;
/** After this many steps the event loop of this process gets a turn. */
const STEPS_PER_TURN = 2_000;

class Run {
  readonly #world: World;
  readonly #startedAt: number;
  #steps = 0;
  violation: Violation | null = null;

  constructor(world: World, checks: readonly CheckName[]) {
    this.#world = world;
    this.#startedAt = world.clock.now();
    for (const check of checks)
      CHECKS[check].watch(world, (what) => (this.violation ??= { check, what, at: this.elapsedMs }));
  }

  get elapsedMs(): number {
    return this.#world.clock.now() - this.#startedAt;
  }

  /** Moves time forward until `elapsedMs`, or until `holds` returns `true`. */
  async until(elapsedMs: number, holds: () => boolean = () => false): Promise<void> {
    const { clock } = this.#world;
    const at = this.#startedAt + elapsedMs;
    await microtasksDone();
    while (this.violation === null && clock.nextAt <= at && !holds()) {
      clock.step();
      await microtasksDone();
      this.#steps += 1;
      if (this.#steps % STEPS_PER_TURN === 0) await nextTurn();
    }
    if (this.violation === null && !holds()) clock.moveTo(at);
  }
}

export async function runSimulation(seed: number, options: RunOptions = {}): Promise<RunResult> {
  const setting = { ...settingOf(seed), ...options.setting };
  const script = (options.script ?? scriptOf(setting)).slice(0, options.events);
  const world = new World(setting, options.sabotage);
  const run = new Run(world, options.checks ?? checksOf(setting));
  options.observe?.(world);
  const onUncaught = (error: unknown): void => world.eventLog.record('uncaught', { error });
  process.on('uncaughtException', onUncaught);
  process.on('unhandledRejection', onUncaught);
  try {
    schedule(world, script);
    [...world.shardPlaces, ...(world.bot === null ? [] : [world.bot])].forEach((place, index) =>
      world.clock.scheduleInProcess(() => place.connect(), index * 10),
    );
    const lastAt =
      options.events === undefined
        ? setting.durationMs
        : Math.min(setting.durationMs, (script.at(-1)?.at ?? 0) + 1_000);
    await run.until(lastAt);
    if (run.violation === null) await recover(world, run);
    if (run.violation === null) await stop(world, run);
    await nextTurn();
  } catch (error) {
    world.eventLog.record('uncaught', { error });
  } finally {
    process.off('uncaughtException', onUncaught);
    process.off('unhandledRejection', onUncaught);
    world.close();
  }
  return {
    setting,
    violation: run.violation,
    events: script.length,
    shardHours: (run.elapsedMs * setting.shards) / 3_600_000,
  };
}

/** Ends all faults, and waits until every shard is ready again. */
async function recover(world: World, run: Run): Promise<void> {
  const { eventLog, shardPlaces, bot, setting, clock } = world;
  const from = clock.now();
  eventLog.record('recovery.began', {});
  world.heal();
  const random = randomFor(setting.seed, 'drain');
  if (bot !== null) {
    bot.endLeaving();
    bot.proc.listenerHook = null;
    bot.persistence = 1;
    if (bot.isHalted) bot.connect();
  }
  for (const place of shardPlaces) {
    place.endLeaving();
    place.proc.listenerHook = null;
    const isWanted = random.chance(0.85);
    place.persistence = isWanted ? 1 : 0;
    if (isWanted && ['disconnected', 'failed', 'disconnecting'].includes(place.proc.shard.state)) place.connect();
  }
  const wanted = shardPlaces.filter(({ persistence }) => persistence === 1);
  const isWell = (): boolean => !clock.isAsleep && wanted.every((place) => place.isHealthy) && bot?.isHealthy !== false;
  const allowedMs = (): number => recoveryBoundMs(world) + clock.latenessMs(from, clock.now()) * 10;
  const endMs = run.elapsedMs + allowedMs();
  // A user who stopped a shard during a start, or aborted the start, must connect again.
  const isHalted = (): boolean => bot !== null && bot.isHalted && bot.proc.manager.state !== 'failed';
  await run.until(endMs, () => isWell() || isHalted());
  if (isHalted()) {
    bot?.connect();
    await run.until(endMs, isWell);
  }
  for (const place of wanted) {
    if (!isWell() && !place.isHealthy)
      eventLog.record('recovery.late', {
        what: `shard ${place.shardId} is ${place.proc.shard.state} after ${clock.now() - from} ms`,
      });
  }
  if (bot !== null && !isWell()) {
    const shards = [...bot.proc.manager.shards.values()].map(({ shardId, state }) => `${shardId} ${state}`);
    eventLog.record('recovery.late', {
      what: `the manager is ${bot.proc.manager.state} after ${clock.now() - from} ms: ${shards.join(', ')}`,
    });
  }
  // A slow consumer still works on the dispatch it has. Now and then the shard reads all the same.
  await run.until(run.elapsedMs + SLOWEST_CONSUMER_MS, () =>
    [...shardPlaces, ...(bot === null ? [] : [bot])].every(
      ({ proc: { sockets, busyConsumers } }) =>
        busyConsumers === 0 && !sockets.some(({ isPaused, readyState }) => isPaused && readyState === 1),
    ),
  );
  await run.until(run.elapsedMs + 20_000 + setting.latencyMs * 20);
  if (run.violation === null) eventLog.record('recovery.ended', {});
}

/** Returns the max time that a shard may need from any state to ready. */
function recoveryBoundMs({ setting, gate, bot }: World): number {
  const { connectTimeoutMs, helloTimeoutMs, resumedTimeoutMs, backoffCapMs } = DEFAULT_TIMING;
  const transitMs = (setting.latencyMs + setting.jitterMs * 5) * 10;
  const lossMs = Math.max(
    setting.heartbeatIntervalMs * 2 + 2_000,
    connectTimeoutMs + helloTimeoutMs + resumedTimeoutMs,
  );
  const budget = bot?.proc.manager.status().budget ?? gate.budget;
  const shards = bot === null ? setting.shards : MAX_SHARDS * 2;
  const queueMs = shards * (5_250 + transitMs);
  const budgetMs = budget.remaining < shards * 6 ? budget.resetAfterMs : 0;
  // Time for a 429, and for hand-overs that can't happen at once.
  const managerMs = bot === null ? 0 : 2 * backoffCapMs + 60_000 + 10 * (HAND_OVER_TIMEOUT_MS + GUILD_TIMEOUT_MS);
  // Loss, backoff, refused RESUME, backoff, IDENTIFY; twice, because a socket may be half open when recovery begins.
  return 2 * (lossMs + 2 * (backoffCapMs + transitMs)) + queueMs + budgetMs + managerMs;
}

async function stop(world: World, run: Run): Promise<void> {
  const random = randomFor(world.setting.seed, 'stop');
  if (world.bot !== null) {
    world.bot.persistence = 0;
    world.bot.proc.listenerHook = null;
    performManagerAction(world.bot.proc, random.pick(['disconnect', 'disconnect', 'forceClose']), random);
  }
  for (const place of world.shardPlaces) {
    place.persistence = 0;
    place.proc.listenerHook = null;
    performAction(place.proc, random.pick(['disconnect', 'disconnect', 'forceClose']), random);
  }
  const { closeTimeoutMs } = DEFAULT_TIMING;
  const from = world.clock.now();
  await run.until(run.elapsedMs + 30_000 + closeTimeoutMs * 2 + world.clock.latenessMs(from, from) * 10);
  await nextTurn();
  await nextTurn();
  if (run.violation === null) world.eventLog.record('stopped', {});
}
