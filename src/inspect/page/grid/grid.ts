/** Draws one cell for each shard. It redraws only cells that changed, so that thousands of shards stay smooth. */
import type { ShardSummary } from '../../messages.ts';
import type { PageState } from '../model/page-state.ts';
import { CanvasSurface } from '../shell/canvas-surface.ts';
import { byId, prefersReducedMotion, setText } from '../shell/dom.ts';
import type { Frame, View } from '../shell/frame-loop.ts';
import type { Theme } from '../shell/theme.ts';
import { cellGroupsOf, isCluster, sortedShards } from './cell-groups.ts';
import type { CellGroup, GridCell } from './cell-groups.ts';
import { groupedLayout, plainLayout } from './cell-layout.ts';
import type { CellLayout } from './cell-layout.ts';
import { CellPainter } from './cell-painter.ts';
import type { CellKind } from './cell-painter.ts';
import { distantText, shardText } from './cell-text.ts';
import { GroupFrames } from './group-frames.ts';

/** How long a cell glows after its state or its node has changed. */
const HALO_MS = 900;
const KEYS: ReadonlySet<string> = new Set(['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'Home', 'End']);

interface Cell extends GridCell {
  /** The group that it is in. */
  readonly group: string;
  kind: CellKind | null;
  changedAt: number;
  /** Its appearance when it was drawn last. */
  drawn: string;
}

export class Grid implements View {
  readonly topics = ['shards', 'selection', 'history'] as const;
  readonly refreshMs = 16;
  readonly #pageState: PageState;
  readonly #section = byId('shards', HTMLElement);
  readonly #canvas = byId('grid', HTMLCanvasElement);
  readonly #description = byId('cell-description', HTMLElement);
  readonly #announcement = byId('cell-announcement', HTMLElement);
  readonly #frames = new GroupFrames();
  readonly #surface: CanvasSurface;
  readonly #painter: CellPainter;
  #layout: CellLayout = plainLayout(0, 0);
  /** What the layout was made for. */
  #layoutKey = '';
  #cells: Cell[] = [];
  /** `null` outside a cluster. */
  #groups: CellGroup[] | null = null;
  #hovered: number | null = null;
  /** The id of the cell under the keyboard cursor, which stays there when the shard moves. */
  #cursor: string | null = null;
  #describedAt = 0;

  constructor(pageState: PageState, theme: Theme, onResize: () => void) {
    this.#pageState = pageState;
    this.#surface = new CanvasSurface(this.#canvas, onResize);
    this.#painter = new CellPainter(this.#surface, theme);
    this.#canvas.addEventListener('pointermove', ({ offsetX, offsetY }) =>
      this.#hover(this.#layout.indexAt(offsetX, offsetY)),
    );
    this.#canvas.addEventListener('pointerleave', () => this.#hover(null));
    this.#canvas.addEventListener('click', ({ offsetX, offsetY }) =>
      this.#selectCell(this.#layout.indexAt(offsetX, offsetY)),
    );
    this.#canvas.addEventListener('keydown', (event) => this.#onKeydown(event));
    this.#canvas.addEventListener('focus', () => this.#move(this.#cursorIndex ?? this.#selectedIndex()));
    this.#canvas.addEventListener('blur', () => (this.#describedAt = 0));
  }

  #selectedIndex(): number {
    return Math.max(
      0,
      this.#cells.findIndex(({ key }) => key !== null && key === this.#pageState.model.selected),
    );
  }

  get #cursorIndex(): number | null {
    const index = this.#cursor === null ? -1 : this.#cells.findIndex(({ id }) => id === this.#cursor);
    return index === -1 ? null : index;
  }

  #hover(index: number | null): void {
    this.#hovered = index;
    this.#describedAt = 0;
  }

  /** A shard of another node can't be selected: nothing more is known of it here. */
  #selectCell(index: number | null): void {
    const cell = index === null ? undefined : this.#cells[index];
    if (cell === undefined) return;
    this.#cursor = cell.id;
    if (cell.key !== null) this.#pageState.select(cell.key);
  }

  #onKeydown(event: KeyboardEvent): void {
    if (event.key === 'Enter') this.#selectCell(this.#cursorIndex);
    else if (KEYS.has(event.key)) this.#move(this.#layout.move(this.#cursorIndex ?? this.#selectedIndex(), event.key));
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #move(index: number): void {
    const cell = this.#cells[index];
    this.#describedAt = 0;
    if (cell === undefined) return;
    this.#cursor = cell.id;
    const shard = this.#shardOf(cell);
    const name = shard === null ? String(cell.shardId) : this.#pageState.model.nameOf(shard.key);
    const where = this.#groups === null ? '' : cell.node === null ? ', on no node' : `, on ${cell.node}`;
    setText(this.#announcement, `Shard ${name}${shard === null ? '' : `, ${shard.state}`}${where}`);
  }

  /** The cell under the keyboard cursor, while the grid has the focus. */
  get #focused(): number | null {
    return document.activeElement === this.#canvas ? this.#cursorIndex : null;
  }

  #shardOf({ key }: GridCell): ShardSummary | null {
    return key === null ? null : (this.#pageState.model.shards.get(key) ?? null);
  }

  draw({ at, changed }: Frame): void {
    if (changed.has('model') || changed.has('shards')) this.#updateCells(changed.has('model'), at);
    if (this.#updateLayout() || changed.has('theme')) {
      this.#surface.clear();
      for (const cell of this.#cells) cell.drawn = '';
      this.#painter.paintRowNumbers(this.#layout, (index) => this.#cells[index]?.shardId ?? null);
    }
    const focused = this.#focused;
    for (const [index, cell] of this.#cells.entries()) this.#drawCell(index, cell, at, focused);
    if (at - this.#describedAt > 250 || this.#describedAt === 0) this.#drawDescription(at);
  }

  /** Keeps what is known of each cell, unless another model is shown. A cell that has changed its group glows. */
  #updateCells(isOtherModel: boolean, at: number): void {
    const { model } = this.#pageState;
    this.#groups = cellGroupsOf(model);
    if (this.#groups === null && !isOtherModel && this.#cells.length === model.shards.size) return;
    const before = isOtherModel ? new Map<string, Cell>() : new Map(this.#cells.map((cell) => [cell.id, cell]));
    const groups = this.#groups ?? [{ id: '', cells: plainCells(model.shards.values()) }];
    this.#cells = groups.flatMap(({ id: group, cells }) =>
      cells.map((cell): Cell => {
        const known = before.get(cell.id);
        const hasMoved = known !== undefined && known.group !== group && !prefersReducedMotion();
        return { ...cell, group, kind: null, changedAt: hasMoved ? at : (known?.changedAt ?? -Infinity), drawn: '' };
      }),
    );
    this.#layoutKey = '';
  }

  /** Returns whether every cell must be redrawn. */
  #updateLayout(): boolean {
    const width = this.#section.clientWidth - 32;
    const key = `${width}`;
    const isMoved = key !== this.#layoutKey;
    if (isMoved) {
      this.#layoutKey = key;
      const count = this.#cells.length;
      const groups = this.#groups;
      this.#layout =
        groups === null
          ? plainLayout(count, width)
          : groupedLayout(
              groups.map(({ cells }) => cells.length),
              width,
            );
      this.#section.classList.toggle('solo', groups === null && count === 1);
      this.#canvas.style.setProperty('width', `${this.#layout.width}px`);
      this.#canvas.style.setProperty('height', `${this.#layout.height}px`);
      this.#frames.draw(groups ?? [], this.#layout.boxes, isCluster(this.#pageState.model));
    }
    return this.#surface.fit() || isMoved;
  }

  #drawCell(index: number, cell: Cell, at: number, focused: number | null): void {
    const kind: CellKind = this.#shardOf(cell)?.state ?? (cell.node === null ? 'unowned' : 'elsewhere');
    if (cell.kind !== null && cell.kind !== kind && !prefersReducedMotion()) cell.changedAt = at;
    cell.kind = kind;
    const isSelected = cell.key !== null && cell.key === this.#pageState.model.selected;
    const halo = Math.max(0, Math.round(10 * (1 - (at - cell.changedAt) / HALO_MS)));
    const [isFocused, isHovered] = [index === focused, index === this.#hovered];
    const drawn = `${kind} ${halo} ${isSelected ? 's' : ''}${isFocused ? 'c' : ''}${isHovered ? 'h' : ''}`;
    if (drawn === cell.drawn) return;
    cell.drawn = drawn;
    const look = { kind, shardId: cell.shardId, halo: halo / 10, isSelected, isFocused, isHovered };
    this.#painter.paint(this.#layout, index, look);
  }

  #drawDescription(at: number): void {
    this.#describedAt = at;
    const { model } = this.#pageState;
    // The panel below describes the selected shard, so it is described here only if it is the only one.
    const index = this.#hovered ?? this.#focused ?? (this.#groups === null && this.#cells.length === 1 ? 0 : null);
    const cell = index === null ? undefined : this.#cells[index];
    setText(this.#description, cell === undefined ? this.#hint : this.#textOf(cell, model.now(at)));
  }

  get #hint(): string {
    return this.#cells.length === 0
      ? 'No shards yet. Pass inspector.inspect as the option inspect of a Shard or a ShardManager.'
      : 'Point at a shard to see its numbers, click to select it. Keyboard: arrow keys and Enter.';
  }

  #textOf(cell: Cell, now: number): string {
    const shard = this.#shardOf(cell);
    const node = this.#groups === null ? null : cell.node;
    return shard === null ? distantText(cell) : shardText(this.#pageState.model.nameOf(shard.key), shard, node, now);
  }
}

const plainCells = (shards: Iterable<ShardSummary>): GridCell[] =>
  sortedShards(shards).map(({ key, shardId }) => ({ id: key, shardId, key, node: null, isHere: true }));
