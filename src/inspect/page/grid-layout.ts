/** Where the cells of the grid are: with their numbers while there is room, as bare shapes when there are many. */
export interface GridLayout {
  readonly columns: number;
  readonly rows: number;
  readonly cellWidth: number;
  readonly cellHeight: number;
  /** Room on the left for the number of each row's first shard. */
  readonly gutter: number;
  readonly shapeSize: number;
  readonly labelled: boolean;
}

const MOST_LABELLED = 160;
const LABELLED = { cellWidth: 42, cellHeight: 40, shapeSize: 14, gutter: 0 };
const SOLO = { cellWidth: 28, cellHeight: 28, shapeSize: 14, gutter: 0 };

/** From this many shards on, cells of this size. */
const BARE: readonly (readonly [atLeast: number, pitch: number])[] = [
  [6_000, 9],
  [2_500, 13],
  [0, 18],
];
const GUTTER = 44;

export function gridLayout(count: number, width: number): GridLayout {
  if (count <= MOST_LABELLED) {
    const cell = count <= 1 ? SOLO : LABELLED;
    const columns = Math.max(1, Math.min(count, Math.floor(width / cell.cellWidth)));
    return { ...cell, columns, rows: Math.max(1, Math.ceil(count / columns)), labelled: count > 1 };
  }
  const pitch = BARE.find(([atLeast]) => count >= atLeast)?.[1] ?? 18;
  // Round rows, so that a number can be found by counting.
  const fitting = Math.max(1, Math.floor((width - GUTTER) / pitch));
  const columns = fitting >= 10 ? Math.floor(fitting / 10) * 10 : fitting;
  return {
    columns,
    rows: Math.ceil(count / columns),
    cellWidth: pitch,
    cellHeight: pitch,
    gutter: GUTTER,
    shapeSize: Math.round(pitch * 0.62),
    labelled: false,
  };
}

export const cellAt = (layout: GridLayout, index: number): { x: number; y: number } => ({
  x: layout.gutter + (index % layout.columns) * layout.cellWidth,
  y: Math.floor(index / layout.columns) * layout.cellHeight,
});

/** The index of the cell under a point; `null` beside the cells. */
export function indexAt(layout: GridLayout, count: number, x: number, y: number): number | null {
  const column = Math.floor((x - layout.gutter) / layout.cellWidth);
  const index = Math.floor(y / layout.cellHeight) * layout.columns + column;
  return column >= 0 && column < layout.columns && index >= 0 && index < count ? index : null;
}

/** Where an arrow key leads from a cell. */
export function moved(layout: GridLayout, count: number, index: number, key: string): number {
  const steps: Readonly<Record<string, number>> = {
    ArrowLeft: index - 1,
    ArrowRight: index + 1,
    ArrowUp: index - layout.columns,
    ArrowDown: index + layout.columns,
    Home: 0,
    End: count - 1,
  };
  const to = steps[key] ?? index;
  return to < 0 || to >= count ? index : to;
}
