/** Runs what was recorded, shards or a manager with its shards, against a gateway that replays the recording. */
import { MemoryIdentifyGate, Shard, ShardManager } from '../../index.ts';
import type { Clock } from '../../clock.ts';
import { FakeGateway } from '../../testing/index.ts';
import { readScript } from '../../testing/fake-gateway/replay/read-script.ts';
import type { ManagerScript, ReplayScript, ShardScript } from '../../testing/fake-gateway/replay/replay-script.ts';
import { FollowedRun } from './followed-run.ts';
import { scaledClock } from './scaled-clock.ts';
import { StateFollower } from './state-follower.ts';
import type { Difference, UserStep } from './state-follower.ts';

/** What became of the states of a shard or of the manager. */
export interface ReplayedStates {
  /** The number of recorded changes of state. */
  readonly changes: number;
  readonly difference: Difference | null;
}

export interface Replayed {
  /** `null` if the recorded shards had no manager. */
  readonly manager: ReplayedStates | null;
  readonly shards: readonly (ReplayedStates & { readonly shardId: number })[];
}

/** Time beside that of the recording, for waits that are a matter of chance, such as a backoff. */
const EXTRA_MS = 300_000;
const TOKEN = 'replay';

interface Setting {
  readonly path: string;
  readonly clock: Clock;
  readonly allowedMs: number;
}

/** Resolves with what became of each shard. @throws {@link GatewayError} `RECORDING_UNREADABLE` */
export async function runReplay(path: string, speed: number): Promise<Replayed> {
  const script = await readScript(path);
  const { shards, manager } = script;
  const setting = { path, clock: scaledClock(speed), allowedMs: script.durationMs * 2 + EXTRA_MS };
  if (manager !== null) return runManager(manager, script, setting);
  const identifyGate = new MemoryIdentifyGate({ maxConcurrency: 1, clock: setting.clock });
  return { manager: null, shards: await Promise.all(shards.map((shard) => runShard(shard, setting, identifyGate))) };
}

const followerOf = ({ states, beginsConnected }: ShardScript): StateFollower =>
  new StateFollower({ noun: 'shard', states, beginsAt: beginsConnected ? 'ready' : null });

const resultOf = ({ total, difference }: StateFollower): ReplayedStates => ({ changes: total, difference });

async function runShard(
  script: ShardScript,
  { path, clock, allowedMs }: Setting,
  identifyGate: MemoryIdentifyGate,
): Promise<Replayed['shards'][number]> {
  const { shardId, shardCount } = script;
  // Each has a gateway of its own, which knows without IDENTIFY who connects.
  await using gateway = await FakeGateway.replay(path, { token: TOKEN, clock, shardId });
  const shard = new Shard({ token: TOKEN, intents: 0, url: gateway.url, shardId, shardCount, identifyGate, clock });
  const follower = followerOf(script);
  const run = new FollowedRun({ follower, clock, allowedMs, perform: (method) => shard[method]() });
  shard.on('failed', () => undefined);
  shard.on('stateChange', (change) => run.changed(change));
  run.check();
  await run.done;
  await shard.disconnect().catch(() => undefined);
  return { shardId, ...resultOf(follower) };
}

async function runManager(
  { firstState, states }: ManagerScript,
  { shards: scripts }: ReplayScript,
  { path, clock, allowedMs }: Setting,
): Promise<Replayed> {
  await using gateway = await FakeGateway.replay(path, { token: TOKEN, clock });
  const manager = new ShardManager({
    token: TOKEN,
    intents: 0,
    api: gateway.apiUrl,
    shards: { total: scripts[0]?.shardCount ?? 1, ids: scripts.map(({ shardId }) => shardId) },
    clock,
  });
  const follower = new StateFollower({
    noun: 'manager',
    states,
    beginsAt: firstState === 'running' ? 'running' : null,
  });
  const shards = new Map(scripts.map((script) => [script.shardId, followerOf(script)]));
  /** The manager itself starts and stops shards as long as it is not running. */
  const isStepOfManager = ({ afterMs }: UserStep): boolean =>
    (states.findLast((change) => change.afterMs <= afterMs)?.to ?? firstState) !== 'running';
  /** The user stopped the bot when the shards had passed what was recorded until then. */
  const dueIn = ({ afterMs, delayMs }: UserStep): number | null => {
    const times = [...shards.values()].map((shard) => shard.lastBefore(afterMs));
    return times.reduce<number | null>(
      (due, time) => (due === null || time === null ? null : Math.min(due, afterMs - time)),
      delayMs,
    );
  };
  const runs = new Map(
    [...shards].map(([shardId, followed]) => [
      shardId,
      new FollowedRun({
        follower: followed,
        clock,
        allowedMs,
        perform: async (method) => manager.shards.get(shardId)?.[method](),
        dueIn: (step) => (isStepOfManager(step) ? null : step.delayMs),
      }),
    ]),
  );
  const run = new FollowedRun({ follower, clock, allowedMs, perform: (method) => manager[method](), dueIn });
  manager.on('failed', () => undefined);
  manager.on('stateChange', (change, shardId) => {
    runs.get(shardId)?.changed(change);
    run.check();
  });
  let { state } = manager;
  const subscription = manager.actor.subscribe(() => {
    const from = state;
    ({ state } = manager);
    if (from !== state) run.changed({ from, to: state });
  });
  run.check();
  await Promise.all([run.done, ...[...runs.values()].map(({ done }) => done)]);
  subscription.unsubscribe();
  await manager.disconnect().catch(() => undefined);
  return {
    manager: resultOf(follower),
    shards: [...shards].map(([shardId, followed]) => ({ shardId, ...resultOf(followed) })),
  };
}
