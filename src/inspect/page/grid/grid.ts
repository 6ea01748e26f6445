/** Draws one cell for each shard. It redraws only cells that changed, so that thousands of shards stay smooth. */
import type { ShardState } from '../../../../machines/index.ts';
import type { ShardSummary } from '../../messages.ts';
import { byId, prefersReducedMotion, setText } from '../shell/dom.ts';
import type { Frame, View } from '../shell/frame-loop.ts';
import { cellPosition, gridLayout, cellIndexAt, moveIndex } from './grid-layout.ts';
import type { GridLayout } from './grid-layout.ts';
import { formatDuration, formatMs, formatNumber, formatRate } from '../model/format.ts';
import type { PageState } from '../model/page-state.ts';
import { drawShape } from '../shell/shapes.ts';
import { CanvasSurface } from '../shell/canvas-surface.ts';
import type { Theme } from '../shell/theme.ts';

/** How long a cell glows after its state has changed. */
const HALO_MS = 900;
const KEYS: ReadonlySet<string> = new Set(['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'Home', 'End']);

interface Cell {
  readonly key: string;
  state: ShardState | null;
  changedAt: number;
  /** Its appearance when it was drawn last. */
  drawn: string;
}

export class Grid implements View {
  readonly topics = ['shards', 'selection', 'history'] as const;
  readonly refreshMs = 16;
  readonly #pageState: PageState;
  readonly #theme: Theme;
  readonly #section = byId('shards', HTMLElement);
  readonly #canvas = byId('grid', HTMLCanvasElement);
  readonly #description = byId('cell-description', HTMLElement);
  readonly #announcement = byId('cell-announcement', HTMLElement);
  readonly #surface: CanvasSurface;
  #layout: GridLayout = { columns: 0, rows: 0, cellWidth: 0, cellHeight: 0, gutter: 0, shapeSize: 0, labelled: false };
  #cells: Cell[] = [];
  #hovered: number | null = null;
  #cursor: number | null = null;
  #describedAt = 0;

  constructor(pageState: PageState, theme: Theme, onResize: () => void) {
    this.#pageState = pageState;
    this.#theme = theme;
    this.#surface = new CanvasSurface(this.#canvas, onResize);
    this.#canvas.addEventListener('pointermove', ({ offsetX, offsetY }) =>
      this.#hover(cellIndexAt(this.#layout, this.#cells.length, offsetX, offsetY)),
    );
    this.#canvas.addEventListener('pointerleave', () => this.#hover(null));
    this.#canvas.addEventListener('click', ({ offsetX, offsetY }) =>
      this.#selectCell(cellIndexAt(this.#layout, this.#cells.length, offsetX, offsetY)),
    );
    this.#canvas.addEventListener('keydown', (event) => this.#onKeydown(event));
    this.#canvas.addEventListener('focus', () => this.#move(this.#cursor ?? this.#selectedIndex()));
    this.#canvas.addEventListener('blur', () => (this.#describedAt = 0));
  }

  #selectedIndex(): number {
    return Math.max(
      0,
      this.#cells.findIndex(({ key }) => key === this.#pageState.model.selected),
    );
  }

  #hover(index: number | null): void {
    this.#hovered = index;
    this.#describedAt = 0;
  }

  #selectCell(index: number | null): void {
    this.#cursor = index ?? this.#cursor;
    const cell = index === null ? undefined : this.#cells[index];
    if (cell !== undefined) this.#pageState.select(cell.key);
  }

  #onKeydown(event: KeyboardEvent): void {
    if (event.key === 'Enter') this.#selectCell(this.#cursor);
    else if (KEYS.has(event.key))
      this.#move(moveIndex(this.#layout, this.#cells.length, this.#cursor ?? this.#selectedIndex(), event.key));
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #move(index: number): void {
    this.#cursor = index;
    this.#describedAt = 0;
    const shard = this.#shardAt(index);
    if (shard !== null) setText(this.#announcement, `Shard ${this.#pageState.model.nameOf(shard.key)}, ${shard.state}`);
  }

  /** The cell under the keyboard cursor, while the grid has the focus. */
  get #focused(): number | null {
    return document.activeElement === this.#canvas ? this.#cursor : null;
  }

  #shardAt(index: number | null): ShardSummary | null {
    const cell = index === null ? undefined : this.#cells[index];
    return cell === undefined ? null : (this.#pageState.model.shards.get(cell.key) ?? null);
  }

  draw({ at, changed }: Frame): void {
    const { model } = this.#pageState;
    const isReset = changed.has('model') || changed.has('theme') || this.#cells.length !== model.shards.size;
    if (isReset)
      this.#cells = sorted(model.shards.values()).map(({ key }) => ({
        key,
        state: null,
        changedAt: -Infinity,
        drawn: '',
      }));
    if (this.#updateLayout() || isReset) {
      this.#surface.clear();
      for (const cell of this.#cells) cell.drawn = '';
      this.#drawRowNumbers();
    }
    const focused = this.#focused;
    for (const [index, cell] of this.#cells.entries()) this.#drawCell(index, cell, at, focused);
    if (at - this.#describedAt > 250 || this.#describedAt === 0) this.#drawDescription(at);
  }

  /** Returns whether every cell must be redrawn. */
  #updateLayout(): boolean {
    const count = this.#cells.length;
    const layout = gridLayout(count, this.#section.clientWidth - 32);
    this.#section.classList.toggle('solo', count === 1);
    const isMoved =
      layout.columns !== this.#layout.columns ||
      layout.cellWidth !== this.#layout.cellWidth ||
      layout.rows !== this.#layout.rows;
    this.#layout = layout;
    if (isMoved) {
      this.#canvas.style.setProperty('width', `${layout.gutter + layout.columns * layout.cellWidth}px`);
      this.#canvas.style.setProperty('height', `${layout.rows * layout.cellHeight}px`);
    }
    return this.#surface.fit() || isMoved;
  }

  #drawRowNumbers(): void {
    const { gutter, columns, cellHeight, rows } = this.#layout;
    if (gutter === 0) return;
    const { context } = this.#surface;
    context.font = '11px ui-monospace, monospace';
    context.textAlign = 'right';
    context.textBaseline = 'middle';
    context.fillStyle = this.#theme.palette.soft;
    const every = Math.ceil(14 / cellHeight);
    for (let row = 0; row < rows; row += every) {
      const shard = this.#shardAt(row * columns);
      if (shard !== null) context.fillText(String(shard.shardId), gutter - 8, (row + 0.5) * cellHeight);
    }
  }

  #drawCell(index: number, cell: Cell, at: number, focused: number | null): void {
    const shard = this.#pageState.model.shards.get(cell.key);
    if (shard === undefined) return;
    if (cell.state !== null && cell.state !== shard.state && !prefersReducedMotion()) cell.changedAt = at;
    cell.state = shard.state;
    const isSelected = cell.key === this.#pageState.model.selected;
    const halo = Math.max(0, Math.round(10 * (1 - (at - cell.changedAt) / HALO_MS)));
    const appearance = `${shard.state} ${halo} ${isSelected ? 's' : ''}${index === focused ? 'c' : ''}${index === this.#hovered ? 'h' : ''}`;
    if (appearance === cell.drawn) return;
    cell.drawn = appearance;
    this.#paint(index, shard, halo / 10, isSelected, index === focused);
  }

  #paint(index: number, { state, shardId }: ShardSummary, halo: number, isSelected: boolean, isFocused: boolean): void {
    const { context } = this.#surface;
    const { palette } = this.#theme;
    const { cellWidth, cellHeight, shapeSize, labelled } = this.#layout;
    const { x, y } = cellPosition(this.#layout, index);
    const color = palette[state];
    context.clearRect(x, y, cellWidth, cellHeight);
    const fillCell = (fill: string, alpha: number): void => {
      context.globalAlpha = alpha;
      context.fillStyle = fill;
      context.beginPath();
      context.roundRect(x + 0.5, y + 0.5, cellWidth - 1, cellHeight - 1, Math.min(6, cellWidth / 4));
      context.fill();
      context.globalAlpha = 1;
    };
    if (isSelected) fillCell(palette.tint, 1);
    else if (index === this.#hovered) fillCell(palette.tint, 0.55);
    if (halo > 0) fillCell(color, halo * 0.4);
    drawShape(context, state, x + cellWidth / 2, y + (labelled ? 13 : cellHeight / 2), shapeSize, color);
    if (labelled) {
      context.font = `${isSelected ? '600 ' : ''}11px ui-monospace, monospace`;
      context.textAlign = 'center';
      context.textBaseline = 'alphabetic';
      context.fillStyle = isSelected ? palette.ink : palette.soft;
      context.fillText(String(shardId), x + cellWidth / 2, y + 34);
    }
    if (isSelected || isFocused) {
      const inset = cellWidth < 14 ? 0.5 : 1;
      context.strokeStyle = isFocused ? palette.accent : palette.ink;
      context.lineWidth = isFocused ? 2 : 1.2;
      context.beginPath();
      context.roundRect(
        x + inset,
        y + inset,
        cellWidth - 2 * inset,
        cellHeight - 2 * inset,
        Math.min(6, cellWidth / 4),
      );
      context.stroke();
    }
  }

  #drawDescription(at: number): void {
    this.#describedAt = at;
    const { model } = this.#pageState;
    // The panel below describes the selected shard, so it is described here only if it is the only one.
    const shard =
      this.#shardAt(this.#hovered) ?? this.#shardAt(this.#focused) ?? (this.#cells.length === 1 ? model.summary : null);
    const hint =
      this.#cells.length === 0
        ? 'No shards yet. Pass inspector.inspect as the option inspect of a Shard or a ShardManager.'
        : 'Point at a shard to see its numbers, click to select it. Keyboard: arrow keys and Enter.';
    setText(this.#description, shard === null ? hint : cellText(model.nameOf(shard.key), shard, model.now(at)));
  }
}

const sorted = (shards: Iterable<ShardSummary>): ShardSummary[] =>
  [...shards].toSorted((a, b) => a.shardId - b.shardId || (a.key < b.key ? -1 : 1));

function cellText(name: string, shard: ShardSummary, now: number): string {
  const { state, since, pingMs, dispatchesPerSecond, sequence, lastDispatchAt, shardCount } = shard;
  const age = lastDispatchAt === null ? '' : `, last dispatch ${formatMs(Math.max(0, now - lastDispatchAt))} ago`;
  return [
    `Shard ${name} of ${formatNumber(shardCount)}`,
    `${state} for ${formatDuration(now - since)}`,
    pingMs === null ? 'no ping' : `ping ${formatMs(pingMs)}`,
    `${formatRate(dispatchesPerSecond)} dispatches/s`,
    sequence === null ? 'no sequence' : `sequence ${formatNumber(sequence)}${age}`,
  ].join('  ·  ');
}
