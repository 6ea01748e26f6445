/** The two marks of a stretch of the recording, and its download. */
import type { RecordedSpan } from '../../messages.ts';
import { byId, element } from '../shell/dom.ts';
import { clockTime, fileTimestamp } from '../model/format.ts';

interface StretchActions {
  redraw(): void;
  showError(message: string): void;
}

const label = (at: number | null, text: string): string => (at === null ? `${text} here` : `${text} ${clockTime(at)}`);

export class StretchFile {
  readonly #actions: StretchActions;
  readonly #fromButton = byId('stretch-from', HTMLButtonElement);
  readonly #toButton = byId('stretch-to', HTMLButtonElement);
  #span: RecordedSpan | null = null;
  #from: number | null = null;
  #to: number | null = null;

  constructor(now: () => number, actions: StretchActions) {
    this.#actions = actions;
    this.#fromButton.addEventListener('click', () => this.#mark(now(), null));
    this.#toButton.addEventListener('click', () => this.#mark(null, now()));
    byId('stretch-save', HTMLButtonElement).addEventListener('click', () => void this.#save());
  }

  get from(): number {
    return this.#from ?? this.#span?.from ?? 0;
  }

  get to(): number {
    return this.#to ?? this.#span?.to ?? 0;
  }

  draw(span: RecordedSpan): void {
    this.#span = span;
    this.#fromButton.textContent = label(this.#from, 'From');
    this.#toButton.textContent = label(this.#to, 'To');
  }

  /** A mark on the wrong side of the other one removes that one. */
  #mark(from: number | null, to: number | null): void {
    if (from !== null && this.#to !== null && from > this.#to) this.#to = null;
    if (to !== null && this.#from !== null && to < this.#from) this.#from = null;
    this.#from = from ?? this.#from;
    this.#to = to ?? this.#to;
    this.#actions.redraw();
  }

  async #save(): Promise<void> {
    const { from, to } = this;
    try {
      const response = await fetch(`/stretch/${Math.floor(from)}-${Math.ceil(to)}.ndjson`);
      if (!response.ok) return this.#actions.showError(`The stretch was not saved: ${await response.text()}.`);
      const url = URL.createObjectURL(await response.blob());
      const link = element('a');
      link.href = url;
      link.download = `shardwright-${fileTimestamp(from)}.ndjson`;
      link.click();
      URL.revokeObjectURL(url);
      this.#actions.showError('');
    } catch (error) {
      this.#actions.showError(`The stretch was not saved: ${String(error)}.`);
    }
  }
}
