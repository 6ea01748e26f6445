/** Computes the positions of the grid's cells: with shard numbers while there is room, otherwise as bare shapes. */
export interface GridLayout {
  readonly columns: number;
  readonly rows: number;
  readonly cellWidth: number;
  readonly cellHeight: number;
  /** The width on the left for the number of each row's first shard. */
  readonly gutter: number;
  readonly shapeSize: number;
  readonly labelled: boolean;
}

/** Cells have numbers unless they would need more than `MAX_LABELLED_ROWS` rows. */
export const LABELLED = { cellWidth: 42, cellHeight: 40, shapeSize: 14, gutter: 0, labelled: true };
export const MAX_LABELLED_ROWS = 5;
const SINGLE_CELL = { cellWidth: 28, cellHeight: 28, shapeSize: 14, gutter: 0, labelled: false, columns: 1, rows: 1 };

/** The size of bare cells in px, by the number of shards. */
const BARE: readonly (readonly [minCount: number, pitch: number])[] = [
  [6_000, 9],
  [2_500, 13],
  [400, 18],
  [0, 24],
];
export const barePitch = (count: number): number => BARE.find(([minCount]) => count >= minCount)?.[1] ?? 24;

const gutterFor = (count: number): number => 14 + 7 * String(count - 1).length;

function bareLayout(count: number, width: number): GridLayout {
  const gutter = gutterFor(count);
  const pitch = barePitch(count);
  // Rows of ten, twenty, … cells, so that you find a shard by counting.
  const fitting = Math.max(1, Math.floor((width - gutter) / pitch));
  const columns = fitting >= 10 ? Math.floor(fitting / 10) * 10 : fitting;
  return {
    columns,
    rows: Math.ceil(count / columns),
    cellWidth: Math.max(pitch, Math.min(Math.floor((width - gutter) / columns), Math.round(pitch * 1.5))),
    cellHeight: pitch,
    gutter,
    shapeSize: Math.min(14, Math.round(pitch * 0.62)),
    labelled: false,
  };
}

export function gridLayout(count: number, width: number): GridLayout {
  if (count <= 1) return SINGLE_CELL;
  const columns = Math.max(1, Math.min(count, Math.floor(width / LABELLED.cellWidth)));
  const rows = Math.ceil(count / columns);
  return rows > MAX_LABELLED_ROWS ? bareLayout(count, width) : { ...LABELLED, columns, rows };
}

export const cellPosition = (layout: GridLayout, index: number): { x: number; y: number } => ({
  x: layout.gutter + (index % layout.columns) * layout.cellWidth,
  y: Math.floor(index / layout.columns) * layout.cellHeight,
});

/** Returns the index of the cell under a point, or `null` beside the cells. */
export function cellIndexAt(layout: GridLayout, count: number, x: number, y: number): number | null {
  const column = Math.floor((x - layout.gutter) / layout.cellWidth);
  const index = Math.floor(y / layout.cellHeight) * layout.columns + column;
  return column >= 0 && column < layout.columns && index >= 0 && index < count ? index : null;
}

/** Returns the index of the cell that an arrow key leads to. */
export function moveIndex(layout: GridLayout, count: number, index: number, key: string): number {
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
