/** One visible row of the log. Rows are reused for other entries. */
import type { LogEntry } from '../../messages.ts';
import { element, setText } from '../shell/dom.ts';
import { clockTimeMs } from '../model/format.ts';
import { icon } from '../shell/shapes.ts';
import { appearanceOf } from '../model/states.ts';

/** In px, the same as in the style sheet. */
export const ROW_HEIGHT = 24;

export class LogRow {
  readonly node = element('div', 'row');
  readonly #time = element('span', 'time');
  readonly #kind = element('span', 'kind');
  readonly #shard = element('span', 'of');
  readonly #text = element('span', 'text');
  #entry: LogEntry | null = null;

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
    setText(this.#shard, name);
    if (entry === this.#entry) return;
    this.#entry = entry;
    node.id = `entry-${entry.id}`;
    node.dataset['kind'] = entry.kind;
    node.dataset['id'] = String(entry.id);
    setText(this.#time, clockTimeMs(entry.at));
    setText(this.#kind, entry.kind);
    this.#text.replaceChildren(...richText(entry));
  }

  hide(): void {
    this.node.hidden = true;
    this.node.removeAttribute('id');
    this.#entry = null;
  }

  mark(isCursor: boolean, isFrozen: boolean): void {
    this.node.classList.toggle('cursor', isCursor);
    this.node.setAttribute('aria-selected', String(isFrozen));
  }
}

/** Puts its shape before the name of each state. */
function richText({ kind, text }: LogEntry): (Node | string)[] {
  if (kind !== 'state') return [text];
  return text.split(/( → )/).flatMap((part) => {
    const appearance = appearanceOf(part);
    return appearance === undefined ? [part] : [icon(appearance), part];
  });
}
