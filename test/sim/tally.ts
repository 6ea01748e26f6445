/** How often what happened, over any number of runs. */
import type { World } from './world.ts';

const GROUPS = ['faults', 'deeds', 'transitions', 'things'] as const;
type Group = (typeof GROUPS)[number];

export type TallyData = Readonly<Record<Group, Readonly<Record<string, number>>>>;

export class Tally {
  readonly #counts: Readonly<Record<Group, Map<string, number>>> = {
    faults: new Map(),
    deeds: new Map(),
    transitions: new Map(),
    things: new Map(),
  };

  watch({ chronicle }: World): void {
    chronicle.on('fault', ({ name }) => this.add('faults', name));
    chronicle.on('deed', ({ name }) => this.add('deeds', name));
    chronicle.on('dispatched', () => this.add('things', 'dispatches'));
    chronicle.on('shard.sent', () => this.add('things', 'frames'));
    chronicle.on('socket.created', () => this.add('things', 'sockets'));
    chronicle.on('bot.dispatched', () => this.add('things', 'dispatches'));
    chronicle.on('bot.state', ({ from, to }) => this.add('transitions', `manager: ${from} → ${to}`));
    const told = ({ name, args }: { name: string; args: readonly unknown[] }): void => {
      if (name === 'resumed' || name === 'ready') this.add('things', name === 'ready' ? 'new sessions' : 'resumes');
      if (name !== 'stateChange') return;
      const { from, to } = args[0] as { from: string; to: string };
      this.add('transitions', `${from} → ${to}`);
    };
    chronicle.on('told', told);
    chronicle.on('bot.told', told);
  }

  add(group: Group, name: string, count = 1): void {
    this.#counts[group].set(name, (this.#counts[group].get(name) ?? 0) + count);
  }

  merge(data: TallyData): void {
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

  /** The most frequent first. */
  get data(): TallyData {
    const sorted = (group: Group): Record<string, number> =>
      Object.fromEntries([...this.#counts[group]].toSorted(([, a], [, b]) => b - a));
    return { faults: sorted('faults'), deeds: sorted('deeds'), transitions: sorted('transitions'), things: sorted('things') };
  }
}
