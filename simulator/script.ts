/** The events of a run, made from the seed before it begins, so that a prefix of them can be played. */
import { USER_ACTIONS, performAction } from './user-actions.ts';
import { SeededRandom, randomFor } from '../src/testing/seeded-random.ts';
import { FAULTS } from './faults.ts';
import { MANAGER_ACTIONS, MAX_SHARDS, performManagerAction } from './manager/manager-actions.ts';
import { MANAGER_FAULTS } from './manager/manager-faults.ts';
import type { Setting } from './setting.ts';
import type { World } from './world.ts';

export interface ScriptEvent {
  /** ms since the run began. */
  readonly at: number;
  readonly kind: 'fault' | 'action';
  readonly name: string;
  readonly shardIndex: number;
  /** The seed of its details. */
  readonly detailSeed: number;
}

const weightsOf = (table: Readonly<Record<string, { readonly weight: number }>>): Record<string, number> =>
  Object.fromEntries(Object.entries(table).map(([name, { weight }]) => [name, weight]));

const SHARD_WEIGHTS = { fault: weightsOf(FAULTS), action: weightsOf(USER_ACTIONS) };
const MANAGER_WEIGHTS = { fault: weightsOf({ ...FAULTS, ...MANAGER_FAULTS }), action: weightsOf(MANAGER_ACTIONS) };

export function scriptOf(setting: Setting): ScriptEvent[] {
  const random = randomFor(setting.seed, 'script');
  const userShare = random.pick([0, 0.2, 0.4, 0.7]);
  const events: ScriptEvent[] = [];
  let at = 0;
  for (;;) {
    at += Math.round(randomGap(random, setting.gapMs));
    if (at >= setting.durationMs) return events;
    const kind = random.chance(userShare) ? 'action' : 'fault';
    const name = random.weighted((setting.manager === null ? SHARD_WEIGHTS : MANAGER_WEIGHTS)[kind]);
    events.push({
      at,
      kind,
      name,
      shardIndex: random.int(0, setting.manager === null ? setting.shards - 1 : MAX_SHARDS - 1),
      detailSeed: random.int(0, 2 ** 31),
    });
  }
}

/** Troubles come in groups: at once, within the second, or while the last one is being mended. */
function randomGap(random: SeededRandom, meanMs: number): number {
  const { next } = random;
  const kind = next();
  if (kind < 0.12) return random.int(0, 5);
  if (kind < 0.3) return random.int(0, 1_500);
  if (kind < 0.45) return random.int(0, 12_000);
  return random.exponential(meanMs * 1.6);
}

/** Deeds are the process's own: one that sleeps does them when it wakes. */
export function schedule(world: World, script: readonly ScriptEvent[]): void {
  for (const event of script) {
    const run = (): void => runEvent(world, event);
    // Its own dice: how many events there are must not move the world's.
    const order = new SeededRandom(event.detailSeed).next();
    if (event.kind === 'action') world.clock.scheduleInProcess(run, event.at, order);
    else world.clock.scheduleInWorld(run, event.at, order);
  }
}

function runEvent(world: World, { kind, name, shardIndex: index, detailSeed }: ScriptEvent): void {
  const random = new SeededRandom(detailSeed);
  if (kind === 'action')
    return world.bot === null
      ? performAction(world.shardPlaces[index]!.proc, name, random)
      : performManagerAction(world.bot.proc, name, random);
  const what = (FAULTS[name] ?? MANAGER_FAULTS[name])!.inject(world, index, random);
  if (what !== null) world.eventLog.record('fault', { name, what });
}
