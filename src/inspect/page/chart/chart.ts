/** Shows the statechart of the selected shard or manager, as it is now or as it was at the frozen log entry. */
import type { LogEntry } from '../../messages.ts';
import { ChartViewport } from './chart-viewport.ts';
import { ChartPicture } from './chart-picture.ts';
import { byId, setText } from '../shell/dom.ts';
import type { View } from '../shell/frame-loop.ts';
import type { PageState } from '../model/page-state.ts';
import { flatStateOf } from '../model/states.ts';

/** A recording from anywhere names its machine, so only a plain name becomes part of a URL. */
const MACHINE_ID = /^[a-z][a-z0-9-]*$/;

const SAME_STEP_MS = 20;

interface ChartMoment {
  readonly active: readonly string[];
  readonly last: readonly string[];
}

export class Chart implements View {
  readonly topics = ['history', 'selection', 'freeze'] as const;
  readonly #pageState: PageState;
  readonly #onError: (message: string) => void;
  readonly #container = byId('chart', HTMLElement);
  readonly #activeLabel = byId('chart-where', HTMLElement);
  readonly #viewport = new ChartViewport();
  #machine = '';
  #picture: ChartPicture | null = null;
  /** The step that glowed last. */
  #lastGlow = { key: '', number: 0 };
  #lastHighlight = '';

  constructor(pageState: PageState, onError: (message: string) => void) {
    this.#pageState = pageState;
    this.#onError = onError;
  }

  draw(): void {
    const { history } = this.#pageState.model;
    if (history === null) return;
    if (history.chart !== this.#machine && MACHINE_ID.test(history.chart)) void this.#load(history.chart);
    if (this.#picture === null) return;
    const { frozen } = this.#pageState;
    const moment =
      frozen === null
        ? { active: history.active, last: history.transitions.last }
        : this.#momentOf(frozen, this.#picture);
    this.#highlight(this.#picture, moment);
    if (frozen === null) this.#glow(this.#picture);
  }

  async #load(machine: string): Promise<void> {
    this.#machine = machine;
    try {
      this.#picture = await ChartPicture.load(`/charts/${machine}.svg`, this.#container);
      this.#lastHighlight = '';
      this.#viewport.show(this.#picture);
      this.draw();
    } catch (error) {
      this.#machine = '';
      this.#onError(`The chart could not be loaded: ${error instanceof Error ? error.message : String(error)}.`);
    }
  }

  /** Finds the states active at an entry: from the entry itself, from an event next to it, or from the timeline. */
  #momentOf(entry: LogEntry, picture: ChartPicture): ChartMoment {
    if (entry.active !== undefined) return { active: entry.active, last: entry.taken ?? [] };
    const { log, history } = this.#pageState.model;
    const state = history?.stateAt(entry.at) ?? null;
    const events = log.toArray().filter(({ shard, active }) => shard === entry.shard && active !== undefined);
    // A change of state is logged before the event that caused it.
    const cause = events.find(({ id, at }) => id > entry.id && at - entry.at <= SAME_STEP_MS);
    if (cause?.active !== undefined && flatStateOf(cause.active) === state)
      return { active: cause.active, last: cause.taken ?? [] };
    const before = events.findLast(({ id }) => id < entry.id);
    if (before?.active !== undefined && (state === null || flatStateOf(before.active) === state))
      return { active: before.active, last: [] };
    const named = state === null ? null : picture.stateNamed(state);
    return { active: named === null ? [] : [named], last: [] };
  }

  #highlight(picture: ChartPicture, { active, last }: ChartMoment): void {
    const { model } = this.#pageState;
    const highlight = JSON.stringify([model.selected, active, last]);
    if (highlight === this.#lastHighlight) return;
    this.#lastHighlight = highlight;
    this.#container.style.setProperty('--lit', `var(--${flatStateOf(active) ?? 'accent'})`);
    const leaves = picture.highlight(active);
    picture.markLast(last);
    const names = leaves.map((id) => id.slice(id.lastIndexOf('.') + 1)).join(', ');
    setText(this.#activeLabel, names);
    picture.accessibleName = `Statechart of ${model.selected === null ? 'a shard' : model.titleOf(model.selected)}, active: ${names || 'unknown'}`;
    this.#viewport.setTarget(leaves[0] === undefined ? null : picture.boundsOf(leaves[0]));
  }

  #glow(picture: ChartPicture): void {
    const { history } = this.#pageState.model;
    if (history === null) return;
    const { key, transitions } = history;
    if (key === this.#lastGlow.key && transitions.id === this.#lastGlow.number) return;
    this.#lastGlow = { key, number: transitions.id };
    picture.glow(transitions.taken);
  }
}
