/** The keyboard shortcuts of the page. One table runs them and fills their help. */
import { byId, element } from './dom.ts';

export interface Shortcut {
  readonly keys: readonly string[];
  readonly label: string;
  readonly description: string;
  readonly run: () => void;
}

const isTyping = (target: EventTarget | null): boolean =>
  (target instanceof HTMLInputElement && target.type !== 'checkbox' && target.type !== 'radio') ||
  target instanceof HTMLSelectElement;

/** Space and Enter activate the focused element if it is one of these. */
const isPressable = (target: EventTarget | null): boolean =>
  target instanceof HTMLButtonElement || target instanceof HTMLAnchorElement || target instanceof HTMLInputElement;

export class Shortcuts {
  readonly #shortcuts: readonly Shortcut[];
  readonly #help = byId('help', HTMLDialogElement);

  constructor(shortcuts: readonly Shortcut[]) {
    this.#shortcuts = [
      ...shortcuts,
      { keys: ['?'], label: '?', description: 'show this help', run: () => this.#help.showModal() },
    ];
    byId('help-open', HTMLButtonElement).addEventListener('click', () => this.#help.showModal());
    byId('help-keys', HTMLElement).append(
      ...this.#shortcuts.map(({ label, description }) => {
        const keys = label.split(' ').map((key) => element('kbd', '', key));
        return element('div', '', element('dt', '', ...keys), element('dd', '', description));
      }),
    );
  }

  listen(): void {
    document.addEventListener('keydown', (event) => this.#onKeydown(event));
  }

  #onKeydown(event: KeyboardEvent): void {
    if (this.#help.open || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const { key, target } = event;
    if (key === 'Escape' && target instanceof HTMLInputElement) target.blur();
    if (key !== 'Escape' && isTyping(target)) return;
    if ((key === ' ' || key === 'Enter') && isPressable(target)) return;
    const found = this.#shortcuts.find(({ keys }) => keys.includes(key));
    if (found === undefined) return;
    event.preventDefault();
    found.run();
  }
}
