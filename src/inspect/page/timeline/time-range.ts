/** How many of the last minutes are shown. Until the user chooses, it depends on the length of the history. */
import { byId } from '../shell/dom.ts';

const SHORT_MINUTES = 1;
const DEFAULT_MINUTES = 5;
const MINUTE_MS = 60_000;

export class TimeRange {
  minutes = DEFAULT_MINUTES;
  readonly onChange: () => void;
  readonly #inputs = [...document.querySelectorAll<HTMLInputElement>('input[name="time-range"]')];
  #isChosen = false;

  constructor(onChange: () => void) {
    this.onChange = onChange;
    byId('time-range', HTMLFieldSetElement).addEventListener('change', ({ target }) => {
      if (!(target instanceof HTMLInputElement)) return;
      this.#isChosen = true;
      this.minutes = Number(target.value);
      onChange();
    });
  }

  /** Chooses the range for a history of `pastMs`, unless the user has chosen one. */
  fitTo(pastMs: number): void {
    const minutes = pastMs < SHORT_MINUTES * MINUTE_MS ? SHORT_MINUTES : DEFAULT_MINUTES;
    if (this.#isChosen || minutes === this.minutes) return;
    this.minutes = minutes;
    for (const input of this.#inputs) input.checked = Number(input.value) === minutes;
  }
}
