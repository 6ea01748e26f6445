/** Makes the script of a run from its seed before the run begins, so that a prefix of it can be run alone. */
import { USER_ACTIONS, performAction } from './user-actions.ts';
import { SeededRandom, randomFor } from '../src/testing/seeded-random.ts';
import { FAULTS, MANAGER_FAULTS } from './faults.ts';
import { MANAGER_ACTIONS, MAX_SHARDS, performManagerAction } from './manager/manager-actions.ts';
import { injectRecorded } from './recorded/recorded-faults.ts';
import type { RecordedFault } from './recorded/recorded-faults.ts';
import type { Setting } from './setting.ts';
import type { World } from './world.ts';

export interface ScriptEvent {
  /** Virtual milliseconds since the run began. */
  readonly at: number;
  readonly kind: 'fault' | 'action' | 'recorded';
  readonly name: string;
  /** The details of a fault of a recording. */
  readonly fault?: RecordedFault;
  readonly shardIndex: number;
  /** The seed for the details of the event. */
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

/** Events come in groups: at once, within a second, or while the shard still recovers from the last one. */
function randomGap(random: SeededRandom, meanMs: number): number {
  const { next } = random;
  const kind = next();
  if (kind < 0.12) return random.int(0, 5);
  if (kind < 0.3) return random.int(0, 1_500);
  if (kind < 0.45) return random.int(0, 12_000);
  return random.exponential(meanMs * 1.6);
}

/** Schedules all events. Actions run in the process: if it sleeps, they run when it wakes. */
export function schedule(world: World, script: readonly ScriptEvent[]): void {
  for (const event of script) {
    const run = (): void => runEvent(world, event);
    // A generator of its own: the number of events must not change the random numbers of the world.
    const order = new SeededRandom(event.detailSeed).next();
    if (event.kind === 'action') world.clock.scheduleInProcess(run, event.at, order);
    else world.clock.scheduleInWorld(run, event.at, order);
  }
}

function runEvent(world: World, { kind, name, fault, shardIndex: index, detailSeed }: ScriptEvent): void {
  const random = new SeededRandom(detailSeed);
  if (kind === 'action')
    return world.bot === null
      ? performAction(world.shardPlaces[index]!.proc, name, random)
      : performManagerAction(world.bot.proc, name, random);
  const what =
    fault === undefined
      ? (FAULTS[name] ?? MANAGER_FAULTS[name])!.inject(world, index, random)
      : injectRecorded(world, fault, index, random);
  if (what !== null) world.eventLog.record('fault', { name, what });
}
