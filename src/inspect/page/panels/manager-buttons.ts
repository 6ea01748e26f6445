/** The buttons above the grid, one for each manager. They show its state, and select the manager when pressed. */
import type { ManagerSummary } from '../../messages.ts';
import { byId, element, setText } from '../shell/dom.ts';
import { formatNumber } from '../model/format.ts';
import { MANAGER_COLORS } from '../model/states.ts';

interface Button {
  readonly node: HTMLButtonElement;
  readonly state: HTMLElement;
  readonly details: HTMLElement;
}

const detailsOf = ({ ready, shards, resharding }: ManagerSummary): string => {
  const readyText = shards === 0 ? '' : `${formatNumber(ready)} of ${formatNumber(shards)} ready`;
  return resharding === null
    ? readyText
    : `${readyText}, resharding: ${formatNumber(resharding.ready)} of ${formatNumber(resharding.total)} ready`;
};

export class ManagerButtons {
  readonly #container = byId('managers', HTMLElement);
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
      const { node, state, details } = this.#buttonFor(manager.key);
      node.setAttribute('aria-pressed', String(manager.key === selected));
      node.style.setProperty('--state', `var(--${MANAGER_COLORS[manager.state]})`);
      setText(state, manager.state);
      setText(details, detailsOf(manager));
    }
  }

  #buttonFor(key: string): Button {
    const known = this.#buttons.get(key);
    if (known !== undefined) return known;
    const state = element('b');
    const details = element('span');
    const node = element('button', '', element('span', '', key), state, details);
    node.type = 'button';
    node.addEventListener('click', () => this.#onSelect(key));
    this.#container.append(node);
    const button = { node, state, details };
    this.#buttons.set(key, button);
    return button;
  }
}
