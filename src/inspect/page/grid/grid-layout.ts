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

/** Cells with numbers, unless they would take more rows than this. */
const LABELLED = { cellWidth: 42, cellHeight: 40, shapeSize: 14, gutter: 0, labelled: true };
const MAX_LABELLED_ROWS = 5;
const SINGLE_CELL = { cellWidth: 28, cellHeight: 28, shapeSize: 14, gutter: 0, labelled: false, columns: 1, rows: 1 };

/** From this many shards on, bare cells of this size. */
const BARE: readonly (readonly [minCount: number, pitch: number])[] = [
  [6_000, 9],
  [2_500, 13],
  [400, 18],
  [0, 24],
];
/** Wide enough for the numbers. */
const gutterFor = (count: number): number => 14 + 7 * String(count - 1).length;

function bareLayout(count: number, width: number): GridLayout {
  const gutter = gutterFor(count);
  const pitch = BARE.find(([minCount]) => count >= minCount)?.[1] ?? 24;
  // Round rows, so that a number can be found by counting.
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

/** The index of the cell under a point; `null` beside the cells. */
export function cellIndexAt(layout: GridLayout, count: number, x: number, y: number): number | null {
  const column = Math.floor((x - layout.gutter) / layout.cellWidth);
  const index = Math.floor(y / layout.cellHeight) * layout.columns + column;
  return column >= 0 && column < layout.columns && index >= 0 && index < count ? index : null;
}

/** Where an arrow key leads from a cell. */
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
