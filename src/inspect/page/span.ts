/** How many of the last minutes are shown. Until somebody chooses, as many as there is something to see of. */
import { byId } from './dom.ts';

const SHORT = 1;
const USUAL = 5;
const MINUTE_MS = 60_000;

export class Span {
  minutes = USUAL;
  readonly onChange: () => void;
  readonly #inputs = [...document.querySelectorAll<HTMLInputElement>('input[name="span"]')];
  #isChosen = false;

  constructor(onChange: () => void) {
    this.onChange = onChange;
    byId('spans', HTMLFieldSetElement).addEventListener('change', ({ target }) => {
      if (!(target instanceof HTMLInputElement)) return;
      this.#isChosen = true;
      this.minutes = Number(target.value);
      onChange();
    });
  }

  /** Fits to a past of `pastMs`. */
  suit(pastMs: number): void {
    const minutes = pastMs < SHORT * MINUTE_MS ? SHORT : USUAL;
    if (this.#isChosen || minutes === this.minutes) return;
    this.minutes = minutes;
    for (const input of this.#inputs) input.checked = Number(input.value) === minutes;
  }
}
