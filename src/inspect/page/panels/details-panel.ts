/** Shows the numbers of the selected shard, with its send budget, or those of the selected manager. */
import type { ManagerSummary, ShardSummary } from '../../messages.ts';
import { byId, setText } from '../shell/dom.ts';
import { formatNumber, formatDuration, formatMs, formatRate } from '../model/format.ts';
import type { Frame, View } from '../shell/frame-loop.ts';
import type { PageState } from '../model/page-state.ts';
import { icon } from '../shell/shapes.ts';
import { appearanceOf } from '../model/states.ts';

/** From this share on, the budget is shown as nearly used up. */
const NEARLY_FULL = 0.85;

type Figure = readonly [node: HTMLElement, text: (shard: ShardSummary, now: number) => string];
type ManagerFigure = readonly [node: HTMLElement, text: (manager: ManagerSummary) => string];

export class DetailsPanel implements View {
  readonly topics = ['shards', 'selection'] as const;
  readonly refreshMs = 250;
  readonly minIntervalMs = 100;
  readonly #pageState: PageState;
  readonly #title = byId('details-title', HTMLElement);
  readonly #state = byId('details-state', HTMLElement);
  /** Hidden for a manager: it has no heartbeats, and the timeline does not have its states. */
  readonly #shardElements = ['shard-figures', 'shard-budget', 'shard-history'].map((id) => byId(id, HTMLElement));
  readonly #managerElement = byId('manager-figures', HTMLElement);
  readonly #budgetSection = byId('shard-budget', HTMLElement);
  readonly #budget = byId('budget', HTMLElement);
  readonly #fill = byId('budget-fill', HTMLElement);
  readonly #budgetText = byId('budget-text', HTMLElement);
  readonly #figures: readonly Figure[] = [
    [byId('detail-ping', HTMLElement), ({ pingMs }) => (pingMs === null ? '–' : formatMs(pingMs))],
    [byId('detail-rate', HTMLElement), ({ dispatchesPerSecond }) => `${formatRate(dispatchesPerSecond)}/s`],
    [byId('detail-sequence', HTMLElement), ({ sequence }) => (sequence === null ? '–' : formatNumber(sequence))],
    [
      byId('detail-age', HTMLElement),
      ({ lastDispatchAt }, now) =>
        lastDispatchAt === null ? '–' : `${formatMs(Math.max(0, now - lastDispatchAt))} ago`,
    ],
    [byId('detail-pending', HTMLElement), ({ pendingSends }) => formatNumber(pendingSends)],
  ];

  readonly #managerFigures: readonly ManagerFigure[] = [
    [byId('detail-ready', HTMLElement), ({ ready, shards }) => `${formatNumber(ready)} of ${formatNumber(shards)}`],
    [byId('detail-total', HTMLElement), ({ total }) => (total === null ? '–' : formatNumber(total))],
    [
      byId('detail-resharding', HTMLElement),
      ({ resharding }) =>
        resharding === null
          ? '–'
          : `${formatNumber(resharding.ready)} of ${formatNumber(resharding.total)} new shards ready`,
    ],
  ];

  constructor(pageState: PageState) {
    this.#pageState = pageState;
  }

  draw({ at }: Frame): void {
    const { model } = this.#pageState;
    const { summary, manager } = model;
    for (const node of this.#shardElements) node.hidden = manager !== null;
    this.#managerElement.hidden = manager === null;
    const now = model.now(at);
    if (manager !== null) return this.#drawManager(manager, now);
    if (summary === null) return setText(this.#title, 'No shard');
    setText(this.#title, `Shard ${model.nameOf(summary.key)}`);
    this.#drawState(summary, now);
    for (const [node, text] of this.#figures) setText(node, text(summary, now));
    this.#drawBudget(summary);
  }

  #drawManager(manager: ManagerSummary, now: number): void {
    const name = manager.key;
    setText(this.#title, `${name.charAt(0).toUpperCase()}${name.slice(1)}`);
    delete this.#state.dataset['state'];
    setText(this.#state, `${manager.state} for ${formatDuration(now - manager.since)}`);
    for (const [node, text] of this.#managerFigures) setText(node, text(manager));
  }

  #drawState({ state, since }: ShardSummary, now: number): void {
    const appearance = appearanceOf(state);
    if (this.#state.dataset['state'] !== state && appearance !== undefined) {
      this.#state.replaceChildren(icon(appearance), '');
      this.#state.dataset['state'] = state;
    }
    const text = this.#state.lastChild;
    const label = `${state} for ${formatDuration(now - since)}`;
    if (text !== null && text.textContent !== label) text.textContent = label;
  }

  /** The send window of a shard in a worker thread is known only there, and no recording has it. */
  #drawBudget({ sendWindow, state }: ShardSummary): void {
    this.#budgetSection.hidden = sendWindow === null && state === 'ready';
    const { used, limit } = sendWindow ?? { used: 0, limit: 120 };
    setText(this.#budgetText, sendWindow === null ? 'no connection' : `${used} of ${limit}`);
    this.#budget.setAttribute('aria-valuenow', String(used));
    this.#budget.setAttribute('aria-valuemax', String(limit));
    this.#budget.classList.toggle('tight', used >= limit * NEARLY_FULL);
    this.#fill.style.setProperty('inline-size', `${Math.min(100, (used / limit) * 100)}%`);
  }
}
