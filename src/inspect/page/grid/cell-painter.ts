/** Draws one cell of the grid on its canvas. */
import type { ShardState } from '../../../../machines/index.ts';
import type { CanvasSurface } from '../shell/canvas-surface.ts';
import { drawShape } from '../shell/shapes.ts';
import type { Theme } from '../shell/theme.ts';
import type { CellLayout } from './cell-layout.ts';

/** What a cell stands for: the state of a shard that runs here, or a shard of another node or of none. */
export type CellKind = ShardState | 'elsewhere' | 'unowned';

export interface CellLook {
  readonly kind: CellKind;
  readonly shardId: number;
  /** How bright the cell glows after a change, from 0 to 1. */
  readonly halo: number;
  readonly isSelected: boolean;
  readonly isFocused: boolean;
  readonly isHovered: boolean;
}

const FONT = '11px ui-monospace, monospace';

export class CellPainter {
  readonly #surface: CanvasSurface;
  readonly #theme: Theme;

  constructor(surface: CanvasSurface, theme: Theme) {
    this.#surface = surface;
    this.#theme = theme;
  }

  paintRowNumbers({ rowNumbers }: CellLayout, shardIdAt: (index: number) => number | null): void {
    const { context } = this.#surface;
    context.font = FONT;
    context.textAlign = 'right';
    context.textBaseline = 'middle';
    context.fillStyle = this.#theme.palette.soft;
    for (const { index, x, y } of rowNumbers) {
      const shardId = shardIdAt(index);
      if (shardId !== null) context.fillText(String(shardId), x, y);
    }
  }

  paint(layout: CellLayout, index: number, look: CellLook): void {
    const { kind, shardId, halo, isSelected, isFocused, isHovered } = look;
    const { context } = this.#surface;
    const { palette } = this.#theme;
    const { cellWidth, cellHeight, shapeSize, labelled } = layout;
    const { x, y } = layout.positionOf(index);
    const color = kind === 'elsewhere' ? palette.soft : kind === 'unowned' ? palette.warning : palette[kind];
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
    else if (isHovered) fillCell(palette.tint, 0.55);
    if (halo > 0) fillCell(kind === 'elsewhere' ? palette.accent : color, halo * 0.4);
    const centre = { x: x + cellWidth / 2, y: y + (labelled ? 13 : cellHeight / 2) };
    if (kind === 'elsewhere' || kind === 'unowned') this.#paintDot(centre, shapeSize, color, kind);
    else drawShape(context, kind, centre.x, centre.y, shapeSize, color);
    if (labelled) {
      context.font = `${isSelected ? '600 ' : ''}${FONT}`;
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

  /** A small dot for a shard whose state is known elsewhere, a dashed ring for one that no node holds. */
  #paintDot({ x, y }: { x: number; y: number }, size: number, color: string, kind: 'elsewhere' | 'unowned'): void {
    const { context } = this.#surface;
    const radius = kind === 'elsewhere' ? size * 0.22 : size * 0.36;
    context.beginPath();
    context.arc(x, y, Math.max(1, radius), 0, 2 * Math.PI);
    if (kind === 'elsewhere') {
      context.fillStyle = color;
      context.fill();
      return;
    }
    context.strokeStyle = color;
    context.lineWidth = 1.6;
    context.setLineDash([2, 2]);
    context.stroke();
    context.setLineDash([]);
  }
}
