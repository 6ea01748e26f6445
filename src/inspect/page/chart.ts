/** The statechart of the selected shard: what is active is lit, what was taken glows; or as it was at a frozen entry. */
import type { LogEntry } from '../messages.ts';
import { ChartPane } from './chart-pane.ts';
import { ChartPicture } from './chart-picture.ts';
import { byId, write } from './dom.ts';
import type { View } from './frame-loop.ts';
import type { Session } from './session.ts';
import { wordOf } from './states.ts';

/** A recording names its machine; only a chart of the inspector's own is fetched. */
const MACHINE = /^[a-z][a-z0-9-]*$/;

const SAME_STEP_MS = 20;

interface Moment {
  readonly active: readonly string[];
  readonly last: readonly string[];
}

export class Chart implements View {
  readonly on = ['history', 'selection', 'freeze'] as const;
  readonly #session: Session;
  readonly #onError: (message: string) => void;
  readonly #host = byId('chart', HTMLElement);
  readonly #where = byId('chart-where', HTMLElement);
  readonly #pane = new ChartPane();
  #machine = '';
  #picture: ChartPicture | null = null;
  /** The step that has glown. */
  #glown = { key: '', number: 0 };
  #lit = '';

  constructor(session: Session, onError: (message: string) => void) {
    this.#session = session;
    this.#onError = onError;
  }

  draw(): void {
    const { history } = this.#session.world;
    if (history === null) return;
    if (history.chart !== this.#machine && MACHINE.test(history.chart)) void this.#load(history.chart);
    if (this.#picture === null) return;
    const { frozen } = this.#session;
    const moment = frozen === null ? { active: history.active, last: history.step.last } : this.#momentOf(frozen, this.#picture);
    this.#light(this.#picture, moment);
    if (frozen === null) this.#glow(this.#picture);
  }

  async #load(machine: string): Promise<void> {
    this.#machine = machine;
    try {
      this.#picture = await ChartPicture.load(`/charts/${machine}.svg`, this.#host);
      this.#lit = '';
      this.#pane.show(this.#picture);
      this.draw();
    } catch (error) {
      this.#machine = '';
      this.#onError(`The chart could not be loaded: ${error instanceof Error ? error.message : String(error)}.`);
    }
  }

  /** What was active at an entry: it says so itself, or an event beside it does, or the timeline. */
  #momentOf(entry: LogEntry, picture: ChartPicture): Moment {
    if (entry.active !== undefined) return { active: entry.active, last: entry.taken ?? [] };
    const { log, history } = this.#session.world;
    const state = history?.stateAt(entry.at) ?? null;
    const events = log.toArray().filter(({ shard, active }) => shard === entry.shard && active !== undefined);
    // A change of state is told before the event that made it.
    const cause = events.find(({ id, at }) => id > entry.id && at - entry.at <= SAME_STEP_MS);
    if (cause?.active !== undefined && wordOf(cause.active) === state) return { active: cause.active, last: cause.taken ?? [] };
    const before = events.findLast(({ id }) => id < entry.id);
    if (before?.active !== undefined && (state === null || wordOf(before.active) === state)) return { active: before.active, last: [] };
    const named = state === null ? null : picture.stateNamed(state);
    return { active: named === null ? [] : [named], last: [] };
  }

  #light(picture: ChartPicture, { active, last }: Moment): void {
    const { world } = this.#session;
    const lit = JSON.stringify([world.selected, active, last]);
    if (lit === this.#lit) return;
    this.#lit = lit;
    this.#host.style.setProperty('--lit', `var(--${wordOf(active) ?? 'accent'})`);
    const leaves = picture.light(active);
    picture.mark(last);
    const names = leaves.map((id) => id.slice(id.lastIndexOf('.') + 1)).join(', ');
    write(this.#where, names);
    picture.name = `Statechart of ${world.selected === null ? 'a shard' : world.titleOf(world.selected)}, active: ${names || 'not known'}`;
    this.#pane.lookAt(leaves[0] === undefined ? null : picture.placeOf(leaves[0]));
  }

  #glow(picture: ChartPicture): void {
    const { history } = this.#session.world;
    if (history === null) return;
    const { key, step } = history;
    if (key === this.#glown.key && step.number === this.#glown.number) return;
    this.#glown = { key, number: step.number };
    picture.glow(step.taken);
  }
}
