/** The events of a run, made from the seed before it begins, so that a prefix of them can be played. */
import { DEEDS, perform } from './deeds.ts';
import { Dice, stream } from './dice.ts';
import { FAULTS } from './faults.ts';
import { FLEET_DEEDS, MOST_SHARDS, performFleet } from './fleet/deeds.ts';
import { FLEET_FAULTS } from './fleet/faults.ts';
import type { Setting } from './setting.ts';
import type { World } from './world.ts';

export interface ScriptEvent {
  /** ms since the run began. */
  readonly at: number;
  readonly kind: 'fault' | 'deed';
  readonly name: string;
  readonly slot: number;
  /** The seed of its details. */
  readonly salt: number;
}

const weightsOf = (table: Readonly<Record<string, { readonly weight: number }>>): Record<string, number> =>
  Object.fromEntries(Object.entries(table).map(([name, { weight }]) => [name, weight]));

const SHARD_WEIGHTS = { fault: weightsOf(FAULTS), deed: weightsOf(DEEDS) };
const FLEET_WEIGHTS = { fault: weightsOf({ ...FAULTS, ...FLEET_FAULTS }), deed: weightsOf(FLEET_DEEDS) };

export function scriptOf(setting: Setting): ScriptEvent[] {
  const dice = stream(setting.seed, 'script');
  const userShare = dice.pick([0, 0.2, 0.4, 0.7]);
  const events: ScriptEvent[] = [];
  let at = 0;
  for (;;) {
    at += Math.round(gap(dice, setting.gapMs));
    if (at >= setting.durationMs) return events;
    const kind = dice.chance(userShare) ? 'deed' : 'fault';
    const name = dice.weighted((setting.fleet === null ? SHARD_WEIGHTS : FLEET_WEIGHTS)[kind]);
    events.push({ at, kind, name, slot: dice.int(0, setting.fleet === null ? setting.shards - 1 : MOST_SHARDS - 1), salt: dice.int(0, 2 ** 31) });
  }
}

/** Troubles come in groups: at once, within the second, or while the last one is being mended. */
function gap(dice: Dice, meanMs: number): number {
  const { next } = dice;
  const kind = next();
  if (kind < 0.12) return dice.int(0, 5);
  if (kind < 0.3) return dice.int(0, 1_500);
  if (kind < 0.45) return dice.int(0, 12_000);
  return dice.exponential(meanMs * 1.6);
}

/** Deeds are the process's own: one that sleeps does them when it wakes. */
export function schedule(world: World, script: readonly ScriptEvent[]): void {
  for (const event of script) {
    const play = (): void => playEvent(world, event);
    // Its own dice: how many events there are must not move the world's.
    const order = new Dice(event.salt).next();
    if (event.kind === 'deed') world.clock.later(play, event.at, order);
    else world.clock.outside(play, event.at, order);
  }
}

function playEvent(world: World, { kind, name, slot: index, salt }: ScriptEvent): void {
  const dice = new Dice(salt);
  if (kind === 'deed') return world.bot === null ? perform(world.slots[index]!.life, name, dice) : performFleet(world.bot.life, name, dice);
  const what = (FAULTS[name] ?? FLEET_FAULTS[name])!.act(world, index, dice);
  if (what !== null) world.chronicle.tell('fault', { name, what });
}
