/** Hides the chart to make room for the log, and remembers that for the next page. */
import { byId, setText } from '../shell/dom.ts';

const KEY = 'shardwright.chart-hidden';

/** A browser may refuse to store anything. */
function isRemembered(): boolean {
  try {
    return localStorage.getItem(KEY) === 'true';
  } catch {
    return false;
  }
}

function remember(isHidden: boolean): void {
  try {
    localStorage.setItem(KEY, String(isHidden));
  } catch {
    // It then holds for this page only.
  }
}

export class ChartFold {
  readonly #button = byId('chart-hide', HTMLButtonElement);
  readonly #columns = byId('columns', HTMLElement);
  readonly #viewport = byId('chart-viewport', HTMLElement);

  constructor() {
    this.#button.addEventListener('click', () => {
      const isHidden = !this.#viewport.hidden;
      remember(isHidden);
      this.#show(isHidden);
    });
    this.#show(isRemembered());
  }

  /** Shows the chart if it is hidden. */
  open(): void {
    if (this.#viewport.hidden) this.#button.click();
  }

  #show(isHidden: boolean): void {
    this.#viewport.hidden = isHidden;
    this.#columns.classList.toggle('without-chart', isHidden);
    this.#button.setAttribute('aria-expanded', String(!isHidden));
    setText(this.#button, isHidden ? 'Show' : 'Hide');
  }
}
