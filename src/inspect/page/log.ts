/** The event log: what happened, filtered, paused, and a way back to each moment of it. */
import type { LogEntry, LogKind } from '../messages.ts';
import { byId, element, write } from './dom.ts';
import { clockTimeMs, counted, grouped } from './format.ts';
import type { View } from './frame-loop.ts';
import { KINDS } from './log-filter.ts';
import type { LogFilter } from './log-filter.ts';
import { LogList } from './log-list.ts';
import { LogRows } from './log-rows.ts';
import type { Changes, Session } from './session.ts';

export class Log implements View {
  readonly on = ['log', 'selection', 'freeze'] as const;
  readonly #session: Session;
  readonly #rows = new LogRows();
  readonly #list: LogList;
  readonly #search = byId('log-filter', HTMLInputElement);
  readonly #own = byId('log-own', HTMLInputElement);
  readonly #ownLabel = byId('log-own-label', HTMLElement);
  readonly #pause = byId('log-pause', HTMLButtonElement);
  readonly #count = byId('log-count', HTMLElement);
  readonly #newer = byId('log-newer', HTMLButtonElement);
  readonly #entry = byId('entry', HTMLElement);
  readonly #entryText = byId('entry-text', HTMLElement);
  readonly #kinds = new Set<LogKind>(KINDS);
  #filter: LogFilter = { text: '', kinds: this.#kinds, shard: null };
  #seen = 0;
  #revealedId: number | null = null;

  constructor(session: Session, changes: Changes) {
    this.#session = session;
    const refresh = (): void => changes.touch('log');
    this.#list = new LogList(this.#rows, { changed: refresh, chosen: (entry) => this.#choose(entry) });
    this.#addKinds(refresh);
    this.#search.addEventListener('input', refresh);
    this.#own.addEventListener('change', refresh);
    this.#pause.addEventListener('click', () => this.togglePause());
    this.#newer.addEventListener('click', () => this.#catchUp());
  }

  #addKinds(refresh: () => void): void {
    for (const kind of KINDS) {
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
    this.#session.pause(this.#session.pausedAtId === null);
  }

  /** Moves through the log; a frozen page goes along. */
  move(by: number): void {
    const entry = this.#list.move(by);
    if (entry !== null && this.#session.frozen !== null) this.#session.freeze(entry);
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
    if (this.#session.frozen?.id === entry.id) this.#session.thaw();
    else this.#session.freeze(entry);
  }

  #catchUp(): void {
    this.#session.pause(false);
    this.#list.toEnd();
    this.#list.focus();
  }

  draw(): void {
    const { world, frozen, pausedAtId } = this.#session;
    this.#rows.update(world, this.#currentFilter());
    const shown = pausedAtId === null ? this.#rows.length : this.#rows.countUpTo(pausedAtId);
    this.#drawEntry(frozen);
    if (frozen !== null && frozen.id !== this.#revealedId) this.#list.reveal(frozen.id);
    this.#revealedId = frozen?.id ?? null;
    this.#list.draw(shown, frozen?.id ?? null, (key) => world.nameOf(key));
    this.#pause.setAttribute('aria-pressed', String(pausedAtId !== null));
    write(this.#pause, pausedAtId === null ? 'Pause' : 'Resume');
    write(this.#ownLabel, world.selected === null ? 'Only this shard' : `Only ${world.titleOf(world.selected)}`);
    const all = world.log.length;
    write(this.#count, shown === all ? counted(all, 'entry', 'entries') : `${grouped(shown)} of ${counted(all, 'entry', 'entries')}`);
    this.#drawNewer(shown, pausedAtId !== null);
  }

  #currentFilter(): LogFilter {
    const text = this.#search.value.trim();
    const shard = this.#own.checked ? this.#session.world.selected : null;
    if (text !== this.#filter.text || shard !== this.#filter.shard) this.#filter = { text, shard, kinds: this.#kinds };
    return this.#filter;
  }

  /** How many entries came that are not in sight. */
  #drawNewer(shown: number, isPaused: boolean): void {
    if (this.#list.isAtEnd && !isPaused) this.#seen = this.#rows.length;
    const since = isPaused ? shown : Math.min(this.#seen, this.#rows.length);
    const newer = this.#rows.length - since;
    this.#newer.hidden = newer === 0;
    if (newer > 0) write(this.#newer, `${counted(newer, 'new entry', 'new entries')} ↓`);
  }

  #drawEntry(frozen: LogEntry | null): void {
    this.#entry.hidden = frozen === null;
    if (frozen !== null) write(this.#entryText, inFull(frozen, this.#session.world.titleOf(frozen.shard)));
  }
}

function inFull({ at, kind, text, active, taken, payload }: LogEntry, name: string): string {
  const lines = [`${clockTimeMs(at)}  ${name}  ${kind}`, text];
  if (taken !== undefined && taken.length > 0) lines.push('', 'taken', ...taken.map((id) => `  ${id}`));
  if (active !== undefined) lines.push('', 'active', ...active.map((id) => `  ${id}`));
  if (payload !== undefined) lines.push('', JSON.stringify(payload, null, 2));
  return lines.join('\n');
}
