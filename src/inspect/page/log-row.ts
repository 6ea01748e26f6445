/** One row of the log on the page. Rows are few and reused. */
import type { LogEntry } from '../messages.ts';
import { element, write } from './dom.ts';
import { clockTimeMs } from './format.ts';
import { icon } from './shapes.ts';
import { lookOf } from './states.ts';

/** As in the style sheet, px. */
export const ROW_HEIGHT = 24;

export class LogRow {
  readonly node = element('div', 'row');
  readonly #time = element('span', 'time');
  readonly #kind = element('span', 'kind');
  readonly #shard = element('span', 'of');
  readonly #text = element('span', 'text');
  #shown: LogEntry | null = null;

  constructor() {
    this.node.setAttribute('role', 'option');
    this.node.append(this.#time, this.#kind, this.#shard, this.#text);
  }

  show(entry: LogEntry, name: string, index: number, count: number): void {
    const { node } = this;
    node.hidden = false;
    node.style.setProperty('transform', `translateY(${index * ROW_HEIGHT}px)`);
    node.setAttribute('aria-posinset', String(index + 1));
    node.setAttribute('aria-setsize', String(count));
    write(this.#shard, name);
    if (entry === this.#shown) return;
    this.#shown = entry;
    node.id = `entry-${entry.id}`;
    node.dataset['kind'] = entry.kind;
    node.dataset['id'] = String(entry.id);
    write(this.#time, clockTimeMs(entry.at));
    write(this.#kind, entry.kind);
    this.#text.replaceChildren(...words(entry));
  }

  hide(): void {
    this.node.hidden = true;
    this.node.removeAttribute('id');
    this.#shown = null;
  }

  mark(isCursor: boolean, isFrozen: boolean): void {
    this.node.classList.toggle('cursor', isCursor);
    this.node.setAttribute('aria-selected', String(isFrozen));
  }
}

/** States with their shapes, all else as it is. */
function words({ kind, text }: LogEntry): (Node | string)[] {
  if (kind !== 'state') return [text];
  return text.split(/( → )/).flatMap((word) => {
    const look = lookOf(word);
    return look === undefined ? [word] : [icon(look), word];
  });
}
