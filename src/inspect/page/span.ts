/** How many of the last minutes are shown. */
import { byId } from './dom.ts';

export class Span {
  minutes = 5;
  readonly onChange: () => void;

  constructor(onChange: () => void) {
    this.onChange = onChange;
    byId('spans', HTMLFieldSetElement).addEventListener('change', ({ target }) => {
      if (!(target instanceof HTMLInputElement)) return;
      this.minutes = Number(target.value);
      onChange();
    });
  }
}
