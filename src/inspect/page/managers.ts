/** The managers above the grid: one button each, with where it is; pressed, the page shows its chart. */
import type { ManagerSummary } from '../messages.ts';
import { byId, element, write } from './dom.ts';
import { grouped } from './format.ts';
import { MANAGER_COLORS } from './states.ts';

interface Button {
  readonly node: HTMLButtonElement;
  readonly state: HTMLElement;
  readonly facts: HTMLElement;
}

const factsOf = ({ ready, shards, resharding }: ManagerSummary): string => {
  const up = shards === 0 ? '' : `${grouped(ready)} of ${grouped(shards)} ready`;
  return resharding === null ? up : `${up}, ${grouped(resharding.ready)} of ${grouped(resharding.total)} beside them`;
};

export class Managers {
  readonly #host = byId('managers', HTMLElement);
  readonly #onSelect: (key: string) => void;
  readonly #buttons = new Map<string, Button>();

  constructor(onSelect: (key: string) => void) {
    this.#onSelect = onSelect;
  }

  draw(managers: readonly ManagerSummary[], selected: string | null): void {
    for (const [key, { node }] of this.#buttons) {
      if (managers.some((manager) => manager.key === key)) continue;
      node.remove();
      this.#buttons.delete(key);
    }
    for (const manager of managers) {
      const { node, state, facts } = this.#buttonFor(manager.key);
      node.setAttribute('aria-pressed', String(manager.key === selected));
      node.style.setProperty('--state', `var(--${MANAGER_COLORS[manager.state]})`);
      write(state, manager.state);
      write(facts, factsOf(manager));
    }
  }

  #buttonFor(key: string): Button {
    const known = this.#buttons.get(key);
    if (known !== undefined) return known;
    const state = element('b');
    const facts = element('span');
    const node = element('button', '', element('span', '', key), state, facts);
    node.type = 'button';
    node.addEventListener('click', () => this.#onSelect(key));
    this.#host.append(node);
    const button = { node, state, facts };
    this.#buttons.set(key, button);
    return button;
  }
}
