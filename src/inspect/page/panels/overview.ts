/** The header of the page: the connection, the shards by state, the identify queue and the session starts left. */
import { byId, element, setText } from '../shell/dom.ts';
import { formatCount, formatNumber, formatDuration, formatRate } from '../model/format.ts';
import type { Frame, View } from '../shell/frame-loop.ts';
import { isCluster } from '../grid/cell-groups.ts';
import { ClusterPanel } from './cluster-panel.ts';
import { ManagerButtons } from './manager-buttons.ts';
import type { PageState } from '../model/page-state.ts';
import { icon } from '../shell/shapes.ts';
import { STATES } from '../model/states.ts';

export class Overview implements View {
  readonly topics = ['connection', 'shards', 'selection', 'freeze'] as const;
  /** The times until the retry and the reset count down. */
  readonly refreshMs = 1_000;
  readonly minIntervalMs = 200;
  readonly #pageState: PageState;
  readonly #connection = byId('link', HTMLElement);
  readonly #version = byId('version', HTMLElement);
  readonly #rate = byId('total-rate', HTMLElement);
  readonly #queue = byId('identify-queue', HTMLElement);
  readonly #starts = byId('session-starts', HTMLElement);
  readonly #title = byId('shards-title', HTMLElement);
  readonly #counts = new Map<string, HTMLElement>();
  readonly #managers: ManagerButtons;
  readonly #cluster = new ClusterPanel();

  constructor(pageState: PageState) {
    this.#pageState = pageState;
    this.#managers = new ManagerButtons((key) => pageState.select(key));
    const totals = byId('totals', HTMLElement);
    for (const appearance of STATES) {
      const count = element('b', '', '0');
      this.#counts.set(appearance.state, count);
      totals.append(element('li', '', icon(appearance), count, element('span', '', appearance.state)));
    }
  }

  draw({ at }: Frame): void {
    const { model } = this.#pageState;
    const shards = [...model.shards.values()];
    setText(this.#version, model.version);
    this.#drawConnection(at);
    this.#managers.draw([...model.managers.values()], model.selected);
    this.#cluster.draw([...model.managers.values()]);
    const isNode = isCluster(model);
    const count = formatCount(shards.length, 'shard');
    setText(this.#title, isNode ? `${count} here` : shards.length === 1 ? 'Shard' : count);
    const totals = Object.groupBy(shards, ({ state }) => state);
    for (const { state } of STATES) {
      const count = this.#counts.get(state);
      if (count === undefined) continue;
      setText(count, formatNumber(totals[state]?.length ?? 0));
      count.parentElement?.classList.toggle('none', totals[state] === undefined);
    }
    setText(this.#rate, `${formatRate(shards.reduce((sum, shard) => sum + shard.dispatchesPerSecond, 0))}/s`);
    const { identify } = model;
    setText(
      this.#queue,
      identify === null ? '–' : identify.waiting === 0 ? 'empty' : `${formatNumber(identify.waiting)} waiting`,
    );
    const starts =
      identify === null
        ? '–'
        : `${formatNumber(identify.remaining)} of ${formatNumber(identify.total)}, reset in ${formatDuration(identify.resetAfterMs)}`;
    setText(this.#starts, starts);
  }

  #drawConnection(at: number): void {
    const [kind, text] = this.#connectionText(at);
    this.#connection.dataset['link'] = kind;
    setText(this.#connection, text);
  }

  #connectionText(at: number): readonly [kind: string, text: string] {
    const { isRecording, connection, frozen, pausedAtId, span } = this.#pageState;
    if (isRecording) return ['imported', 'imported'];
    if (connection.state === 'connecting') return ['connecting', 'connecting'];
    if (connection.state === 'waiting')
      return [
        'disconnected',
        `disconnected, retrying in ${Math.max(1, Math.ceil((connection.retryAt - at) / 1_000))} s`,
      ];
    if (frozen !== null) return ['frozen', 'frozen'];
    if (span !== null) return ['imported', 'recording'];
    return pausedAtId === null ? ['live', 'live'] : ['paused', 'paused'];
  }
}
