/** Counts faults, user actions, transitions and totals over any number of runs. */
import type { World } from './world.ts';

const GROUPS = ['faults', 'actions', 'transitions', 'totals'] as const;
type Group = (typeof GROUPS)[number];

export type SimulationStatsData = Readonly<Record<Group, Readonly<Record<string, number>>>>;

export class SimulationStats {
  readonly #counts: Readonly<Record<Group, Map<string, number>>> = {
    faults: new Map(),
    actions: new Map(),
    transitions: new Map(),
    totals: new Map(),
  };

  watch({ eventLog }: World): void {
    eventLog.on('fault', ({ name }) => this.add('faults', name));
    eventLog.on('action', ({ name }) => this.add('actions', name));
    eventLog.on('dispatched', () => this.add('totals', 'dispatches'));
    eventLog.on('shard.sent', () => this.add('totals', 'frames'));
    eventLog.on('socket.created', () => this.add('totals', 'sockets'));
    eventLog.on('bot.dispatched', () => this.add('totals', 'dispatches'));
    eventLog.on('bot.state', ({ from, to }) => this.add('transitions', `manager: ${from} → ${to}`));
    const onEmitted = ({ name, args }: { name: string; args: readonly unknown[] }): void => {
      if (name === 'resumed' || name === 'ready') this.add('totals', name === 'ready' ? 'new sessions' : 'resumes');
      if (name !== 'stateChange') return;
      const { from, to } = args[0] as { from: string; to: string };
      this.add('transitions', `${from} → ${to}`);
    };
    eventLog.on('emitted', onEmitted);
    eventLog.on('bot.emitted', onEmitted);
  }

  add(group: Group, name: string, count = 1): void {
    this.#counts[group].set(name, (this.#counts[group].get(name) ?? 0) + count);
  }

  merge(data: SimulationStatsData): void {
    for (const group of GROUPS) for (const [name, count] of Object.entries(data[group])) this.add(group, name, count);
  }

  count(group: Group, name: string): number {
    return this.#counts[group].get(name) ?? 0;
  }

  total(group: Group): number {
    let sum = 0;
    for (const count of this.#counts[group].values()) sum += count;
    return sum;
  }

  /** The counts of each group, the highest first. */
  get data(): SimulationStatsData {
    const sorted = (group: Group): Record<string, number> =>
      Object.fromEntries([...this.#counts[group]].toSorted(([, a], [, b]) => b - a));
    return {
      faults: sorted('faults'),
      actions: sorted('actions'),
      transitions: sorted('transitions'),
      totals: sorted('totals'),
    };
  }
}
