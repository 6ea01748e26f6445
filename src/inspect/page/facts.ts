/** The selected shard in numbers, its send budget among them; or the manager. */
import type { ManagerSummary, ShardSummary } from '../messages.ts';
import { byId, write } from './dom.ts';
import { grouped, lasting, milliseconds, rate } from './format.ts';
import type { Frame, View } from './frame-loop.ts';
import type { Session } from './session.ts';
import { icon } from './shapes.ts';
import { lookOf } from './states.ts';

/** From here on the budget is shown as nearly used up. */
const TIGHT = 0.85;

type Figure = readonly [node: HTMLElement, text: (shard: ShardSummary, now: number) => string];
type ManagerFigure = readonly [node: HTMLElement, text: (manager: ManagerSummary) => string];

export class Facts implements View {
  readonly on = ['shards', 'selection'] as const;
  readonly everyMs = 250;
  readonly restMs = 100;
  readonly #session: Session;
  readonly #title = byId('facts-title', HTMLElement);
  readonly #state = byId('facts-state', HTMLElement);
  /** A manager has no beats, and its states are not those of the timeline. */
  readonly #ofShard = ['shard-figures', 'shard-budget', 'past'].map((id) => byId(id, HTMLElement));
  readonly #ofManager = byId('manager-figures', HTMLElement);
  readonly #budget = byId('budget', HTMLElement);
  readonly #fill = byId('budget-fill', HTMLElement);
  readonly #used = byId('budget-text', HTMLElement);
  readonly #figures: readonly Figure[] = [
    [byId('fact-ping', HTMLElement), ({ pingMs }) => (pingMs === null ? '–' : milliseconds(pingMs))],
    [byId('fact-rate', HTMLElement), ({ dispatchesPerSecond }) => `${rate(dispatchesPerSecond)}/s`],
    [byId('fact-sequence', HTMLElement), ({ sequence }) => (sequence === null ? '–' : grouped(sequence))],
    [byId('fact-age', HTMLElement), ({ lastDispatchAt }, now) => (lastDispatchAt === null ? '–' : `${milliseconds(Math.max(0, now - lastDispatchAt))} ago`)],
    [byId('fact-pending', HTMLElement), ({ pendingSends }) => grouped(pendingSends)],
  ];

  readonly #managerFigures: readonly ManagerFigure[] = [
    [byId('fact-ready', HTMLElement), ({ ready, shards }) => `${grouped(ready)} of ${grouped(shards)}`],
    [byId('fact-total', HTMLElement), ({ total }) => (total === null ? '–' : grouped(total))],
    [byId('fact-resharding', HTMLElement), ({ resharding }) => (resharding === null ? '–' : `to ${grouped(resharding.total)}: ${grouped(resharding.ready)} ready`)],
  ];

  constructor(session: Session) {
    this.#session = session;
  }

  draw({ at }: Frame): void {
    const { world } = this.#session;
    const { summary, manager } = world;
    for (const node of this.#ofShard) node.hidden = manager !== null;
    this.#ofManager.hidden = manager === null;
    const now = world.now(at);
    if (manager !== null) return this.#drawManager(manager, now);
    if (summary === null) return write(this.#title, 'No shard');
    write(this.#title, `Shard ${world.nameOf(summary.key)}`);
    this.#drawState(summary, now);
    for (const [node, text] of this.#figures) write(node, text(summary, now));
    this.#drawBudget(summary);
  }

  #drawManager(manager: ManagerSummary, now: number): void {
    const name = manager.key;
    write(this.#title, `${name.charAt(0).toUpperCase()}${name.slice(1)}`);
    delete this.#state.dataset['state'];
    write(this.#state, `${manager.state} for ${lasting(now - manager.since)}`);
    for (const [node, text] of this.#managerFigures) write(node, text(manager));
  }

  #drawState({ state, since }: ShardSummary, now: number): void {
    const look = lookOf(state);
    if (this.#state.dataset['state'] !== state && look !== undefined) {
      this.#state.replaceChildren(icon(look), '');
      this.#state.dataset['state'] = state;
    }
    const text = this.#state.lastChild;
    const words = `${state} for ${lasting(now - since)}`;
    if (text !== null && text.textContent !== words) text.textContent = words;
  }

  /** Of a shard in another thread only its own thread knows the window. */
  #drawBudget({ sendWindow, state }: ShardSummary): void {
    const { used, limit } = sendWindow ?? { used: 0, limit: 120 };
    write(this.#used, sendWindow === null ? (state === 'ready' ? 'not told' : 'no connection') : `${used} of ${limit}`);
    this.#budget.setAttribute('aria-valuenow', String(used));
    this.#budget.setAttribute('aria-valuemax', String(limit));
    this.#budget.classList.toggle('tight', used >= limit * TIGHT);
    this.#fill.style.setProperty('inline-size', `${Math.min(100, (used / limit) * 100)}%`);
  }
}
