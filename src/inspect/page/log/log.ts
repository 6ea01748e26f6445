/** The event log: the user filters and pauses it, and freezes the page at one of its entries. */
import type { LogEntry, LogKind } from '../../messages.ts';
import { byId, element, setText } from '../shell/dom.ts';
import { clockTimeMs, formatCount, formatNumber } from '../model/format.ts';
import type { View } from '../shell/frame-loop.ts';
import { LOG_KINDS } from '../model/log-kinds.ts';
import type { ChangeNotifier, PageState } from '../model/page-state.ts';
import { FilteredLog } from './filtered-log.ts';
import type { LogFilter } from './filtered-log.ts';
import { LogList } from './log-list.ts';

export class Log implements View {
  readonly topics = ['log', 'selection', 'freeze'] as const;
  readonly #pageState: PageState;
  readonly #rows = new FilteredLog();
  readonly #list: LogList;
  readonly #search = byId('log-filter', HTMLInputElement);
  readonly #selectedOnly = byId('log-selected-only', HTMLInputElement);
  readonly #selectedOnlyLabel = byId('log-selected-only-label', HTMLElement);
  readonly #pause = byId('log-pause', HTMLButtonElement);
  readonly #count = byId('log-count', HTMLElement);
  readonly #newer = byId('log-newer', HTMLButtonElement);
  readonly #entry = byId('entry', HTMLElement);
  readonly #entryText = byId('entry-text', HTMLElement);
  readonly #kinds = new Set<LogKind>(LOG_KINDS);
  #filter: LogFilter = { text: '', kinds: this.#kinds, shard: null };
  #seenCount = 0;
  #revealedId: number | null = null;

  constructor(pageState: PageState, notifier: ChangeNotifier) {
    this.#pageState = pageState;
    const refresh = (): void => notifier.notify('log');
    this.#list = new LogList(this.#rows, { onChange: refresh, onChoose: (entry) => this.#choose(entry) });
    this.#addKinds(refresh);
    this.#search.addEventListener('input', refresh);
    this.#selectedOnly.addEventListener('change', refresh);
    this.#pause.addEventListener('click', () => this.togglePause());
    this.#newer.addEventListener('click', () => this.#jumpToEnd());
  }

  #addKinds(refresh: () => void): void {
    for (const kind of LOG_KINDS) {
      const button = element('button', '', kind);
      button.type = 'button';
      button.dataset['kind'] = kind;
      button.setAttribute('aria-pressed', 'true');
      button.addEventListener('click', () => {
        if (!this.#kinds.delete(kind)) this.#kinds.add(kind);
        button.setAttribute('aria-pressed', String(this.#kinds.has(kind)));
        this.#filter = { ...this.#filter };
        refresh();
      });
      byId('log-kinds', HTMLElement).append(button);
    }
  }

  togglePause(): void {
    this.#pageState.setPaused(this.#pageState.pausedAtId === null);
  }

  /** Moves the cursor. A frozen page follows it. */
  move(by: number): void {
    const entry = this.#list.move(by);
    if (entry !== null && this.#pageState.frozen !== null) this.#pageState.freeze(entry);
  }

  chooseCursor(): void {
    this.#list.chooseCursor();
  }

  focusFilter(): void {
    this.#search.focus();
    this.#search.select();
  }

  focusList(): void {
    this.#list.focus();
  }

  #choose(entry: LogEntry): void {
    if (this.#pageState.frozen?.id === entry.id) this.#pageState.unfreeze();
    else this.#pageState.freeze(entry);
  }

  #jumpToEnd(): void {
    this.#pageState.setPaused(false);
    this.#list.scrollToEnd();
    this.#list.focus();
  }

  draw(): void {
    const { model, frozen, pausedAtId } = this.#pageState;
    this.#rows.update(model, this.#currentFilter());
    const shown = pausedAtId === null ? this.#rows.length : this.#rows.countUpTo(pausedAtId);
    this.#drawEntry(frozen);
    if (frozen !== null && frozen.id !== this.#revealedId) this.#list.reveal(frozen.id);
    this.#revealedId = frozen?.id ?? null;
    this.#list.draw(shown, frozen?.id ?? null, (key) => model.nameOf(key));
    this.#pause.setAttribute('aria-pressed', String(pausedAtId !== null));
    setText(this.#pause, pausedAtId === null ? 'Pause' : 'Continue');
    setText(
      this.#selectedOnlyLabel,
      model.selected === null ? 'Only this shard' : `Only ${model.titleOf(model.selected)}`,
    );
    const all = model.log.length;
    setText(
      this.#count,
      shown === all
        ? formatCount(all, 'entry', 'entries')
        : `${formatNumber(shown)} of ${formatCount(all, 'entry', 'entries')}`,
    );
    this.#drawNewer(shown, pausedAtId !== null);
  }

  #currentFilter(): LogFilter {
    const text = this.#search.value.trim();
    const shard = this.#selectedOnly.checked ? this.#pageState.model.selected : null;
    if (text !== this.#filter.text || shard !== this.#filter.shard) this.#filter = { text, shard, kinds: this.#kinds };
    return this.#filter;
  }

  /** Shows how many entries came since the user scrolled away or paused. */
  #drawNewer(shown: number, isPaused: boolean): void {
    if (this.#list.isAtEnd && !isPaused) this.#seenCount = this.#rows.length;
    const since = isPaused ? shown : Math.min(this.#seenCount, this.#rows.length);
    const newer = this.#rows.length - since;
    this.#newer.hidden = newer === 0;
    if (newer > 0) setText(this.#newer, `${formatCount(newer, 'new entry', 'new entries')} ↓`);
  }

  #drawEntry(frozen: LogEntry | null): void {
    this.#entry.hidden = frozen === null;
    if (frozen !== null) setText(this.#entryText, fullText(frozen, this.#pageState.model.titleOf(frozen.shard)));
  }
}

function fullText({ at, kind, text, active, taken, payload, hint }: LogEntry, name: string): string {
  const lines = [`${clockTimeMs(at)}  ${name}  ${kind}`, text];
  if (hint !== undefined) lines.push(hint);
  if (taken !== undefined && taken.length > 0) lines.push('', 'transitions taken', ...taken.map((id) => `  ${id}`));
  if (active !== undefined) lines.push('', 'active states', ...active.map((id) => `  ${id}`));
  if (payload !== undefined) lines.push('', JSON.stringify(payload, null, 2));
  return lines.join('\n');
}
