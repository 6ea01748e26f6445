/** Shows the log. Only visible rows have an element. The list stays at its end until the user scrolls away. */
import type { LogEntry } from '../../messages.ts';
import { byId } from '../shell/dom.ts';
import { LogRow, ROW_HEIGHT } from './log-row.ts';
import type { FilteredLog } from './filtered-log.ts';

const OVERSCAN_ROWS = 4;

export interface LogListCallbacks {
  onChange(): void;
  /** Called when the user chose an entry with Enter or a click. */
  onChoose(entry: LogEntry): void;
}

export class LogList {
  readonly #node = byId('log-list', HTMLElement);
  readonly #spacer = byId('log-rows', HTMLElement);
  readonly #rows: FilteredLog;
  readonly #callbacks: LogListCallbacks;
  readonly #pool: LogRow[] = [];
  #count = 0;
  #cursorId: number | null = null;
  #isAtEnd = true;

  constructor(rows: FilteredLog, callbacks: LogListCallbacks) {
    this.#rows = rows;
    this.#callbacks = callbacks;
    this.#node.addEventListener('scroll', () => this.#onScroll());
    this.#node.addEventListener('click', ({ target }) => this.#onClick(target));
    new ResizeObserver(() => callbacks.onChange()).observe(this.#node);
  }

  get isAtEnd(): boolean {
    return this.#isAtEnd;
  }

  focus(): void {
    this.#node.focus();
  }

  scrollToEnd(): void {
    this.#isAtEnd = true;
    this.#callbacks.onChange();
  }

  #onScroll(): void {
    const { scrollTop, scrollHeight, clientHeight } = this.#node;
    this.#isAtEnd = scrollTop + clientHeight >= scrollHeight - ROW_HEIGHT / 2;
    this.#callbacks.onChange();
  }

  #onClick(target: EventTarget | null): void {
    const row = target instanceof Element ? target.closest<HTMLElement>('.row') : null;
    if (row !== null) this.#choose(this.#rows.at(this.#rows.indexOf(Number(row.dataset['id']))));
  }

  #choose(entry: LogEntry | undefined): void {
    if (entry === undefined) return;
    this.#cursorId = entry.id;
    this.#isAtEnd = false;
    this.#callbacks.onChoose(entry);
    this.#callbacks.onChange();
  }

  chooseCursor(): void {
    if (this.#cursorId !== null) this.#choose(this.#rows.at(this.#rows.indexOf(this.#cursorId)));
  }

  /** Moves the cursor, and returns the entry it is on then. */
  move(by: number): LogEntry | null {
    const from = this.#cursorId === null ? -1 : this.#rows.indexOf(this.#cursorId);
    const start = from === -1 ? this.#count - (by > 0 ? 1 : 0) : from;
    const index = Math.min(this.#count - 1, Math.max(0, start + by));
    const entry = this.#rows.at(index);
    if (entry === undefined) return null;
    this.#cursorId = entry.id;
    this.#isAtEnd = false;
    this.#scrollTo(index);
    this.#callbacks.onChange();
    return entry;
  }

  reveal(id: number): void {
    const index = this.#rows.indexOf(id);
    if (index !== -1) this.#scrollTo(index);
  }

  #scrollTo(index: number): void {
    const top = index * ROW_HEIGHT;
    const { scrollTop, clientHeight } = this.#node;
    if (top < scrollTop) this.#node.scrollTop = top;
    else if (top + ROW_HEIGHT > scrollTop + clientHeight) this.#node.scrollTop = top + ROW_HEIGHT - clientHeight;
  }

  /** Shows the first `count` rows. */
  draw(count: number, frozenId: number | null, nameOf: (key: string) => string): void {
    this.#count = count;
    const dropped = this.#rows.consumeDropped();
    this.#spacer.style.setProperty('height', `${count * ROW_HEIGHT}px`);
    if (this.#isAtEnd) this.#node.scrollTop = count * ROW_HEIGHT;
    else if (dropped > 0) this.#node.scrollTop -= dropped * ROW_HEIGHT;
    const first = Math.max(0, Math.floor(this.#node.scrollTop / ROW_HEIGHT) - OVERSCAN_ROWS);
    const last = Math.min(
      count,
      Math.ceil((this.#node.scrollTop + this.#node.clientHeight) / ROW_HEIGHT) + OVERSCAN_ROWS,
    );
    this.#grow(last - first);
    // A row keeps its element while it is visible, so that a text selection and a screen reader stay on it.
    for (const [slot, row] of this.#pool.entries()) {
      const size = this.#pool.length;
      const index = first + ((((slot - first) % size) + size) % size);
      const entry = index < last ? this.#rows.at(index) : undefined;
      if (entry === undefined) {
        row.hide();
        continue;
      }
      row.show(entry, nameOf(entry.shard), index, count);
      row.mark(entry.id === this.#cursorId, entry.id === frozenId);
    }
    this.#updateActiveDescendant(first, last);
  }

  #grow(size: number): void {
    while (this.#pool.length < size) {
      const row = new LogRow();
      this.#pool.push(row);
      this.#spacer.append(row.node);
    }
  }

  #updateActiveDescendant(first: number, last: number): void {
    const index = this.#cursorId === null ? -1 : this.#rows.indexOf(this.#cursorId);
    if (index >= first && index < last) this.#node.setAttribute('aria-activedescendant', `entry-${this.#cursorId}`);
    else this.#node.removeAttribute('aria-activedescendant');
  }
}
