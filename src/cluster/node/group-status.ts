/** Asks an engine how far each group of consumers has come. */
import type { DispatchLog } from '../ports/dispatch-log.ts';
import type { GroupStatus } from './node-host.ts';

/** A person reads no more, and each costs the engine a look at every stream. */
const MAX_GROUPS = 20;

/** Resolves with the first groups by name. Asks for one after the other, to leave the engine time for the bot. */
export async function readGroups(log: DispatchLog): Promise<readonly GroupStatus[]> {
  const groups: GroupStatus[] = [];
  for (const group of (await log.groups()).slice(0, MAX_GROUPS)) {
    const { shards, deadLetters } = await log.status(group);
    const sum = (field: 'lag' | 'pending'): number => shards.reduce((total, shard) => total + shard[field], 0);
    groups.push({ group, lag: sum('lag'), pending: sum('pending'), deadLetters });
  }
  return groups;
}
