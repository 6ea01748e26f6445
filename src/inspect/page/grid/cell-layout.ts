/** Where each cell of the grid is. Without a cluster the cells fill rows; in a cluster each node has a box of cells. */
import {
  MAX_LABELLED_ROWS,
  LABELLED,
  barePitch,
  cellIndexAt,
  cellPosition,
  gridLayout,
  moveIndex,
} from './grid-layout.ts';

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface CellLayout {
  readonly width: number;
  readonly height: number;
  readonly cellWidth: number;
  readonly cellHeight: number;
  readonly shapeSize: number;
  readonly labelled: boolean;
  /** The boxes of the groups; none without groups. */
  readonly boxes: readonly Box[];
  /** The first cell of each row, for a number beside it. */
  readonly rowNumbers: readonly { readonly index: number; readonly x: number; readonly y: number }[];
  positionOf(index: number): { readonly x: number; readonly y: number };
  indexAt(x: number, y: number): number | null;
  /** Returns the index of the cell that an arrow key leads to. */
  move(index: number, key: string): number;
}

/** The height of a row number, so that two do not overlap. */
const NUMBER_HEIGHT = 14;

export function plainLayout(count: number, width: number): CellLayout {
  const layout = gridLayout(count, width);
  const { columns, rows, cellWidth, cellHeight, gutter, shapeSize, labelled } = layout;
  const every = Math.ceil(NUMBER_HEIGHT / cellHeight);
  const numbered = gutter === 0 ? 0 : Math.ceil(rows / every);
  return {
    width: gutter + columns * cellWidth,
    height: rows * cellHeight,
    cellWidth,
    cellHeight,
    shapeSize,
    labelled,
    boxes: [],
    rowNumbers: Array.from({ length: numbered }, (_, number) => ({
      index: number * every * columns,
      x: gutter - 8,
      y: (number * every + 0.5) * cellHeight,
    })),
    positionOf: (index) => cellPosition(layout, index),
    indexAt: (x, y) => cellIndexAt(layout, count, x, y),
    move: (index, key) => moveIndex(layout, count, index, key),
  };
}

const GAP = 10;
const PADDING = 8;
/** The name of a node and its facts, above its cells. */
const HEADER = 28;
const MIN_BOX_WIDTH = 230;

interface Metrics {
  readonly cellWidth: number;
  readonly cellHeight: number;
  readonly shapeSize: number;
  readonly labelled: boolean;
}

function boxesOf(counts: readonly number[], width: number, { cellWidth, cellHeight }: Metrics) {
  const across = Math.max(1, Math.min(counts.length, Math.floor((width + GAP) / (MIN_BOX_WIDTH + GAP))));
  const boxWidth = Math.floor((width - GAP * (across - 1)) / across);
  const columns = Math.max(1, Math.floor((boxWidth - 2 * PADDING) / cellWidth));
  const heightOf = (count: number): number => HEADER + Math.max(1, Math.ceil(count / columns)) * cellHeight + PADDING;
  const boxes: Box[] = [];
  let y = 0;
  for (let first = 0; first < counts.length; first += across) {
    const row = counts.slice(first, first + across);
    const height = Math.max(...row.map(heightOf));
    boxes.push(...row.map((_, index) => ({ x: index * (boxWidth + GAP), y, width: boxWidth, height })));
    y += height + GAP;
  }
  return { boxes, columns, height: Math.max(0, y - GAP) };
}

/** Cells are numbered while that needs few rows, as without groups. */
function metricsFor(counts: readonly number[], width: number): Metrics {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const fitting = Math.floor(width / LABELLED.cellWidth) * MAX_LABELLED_ROWS;
  if (total <= fitting) return LABELLED;
  const pitch = barePitch(total);
  return { cellWidth: pitch, cellHeight: pitch, shapeSize: Math.min(14, Math.round(pitch * 0.62)), labelled: false };
}

/** Lays out groups with these numbers of cells. The cells are numbered through, group by group. */
export function groupedLayout(counts: readonly number[], width: number): CellLayout {
  const metrics = metricsFor(counts, width);
  const { cellWidth, cellHeight } = metrics;
  const { boxes, columns, height } = boxesOf(counts, width, metrics);
  const positions = counts.flatMap((count, group) => {
    const { x = 0, y = 0 } = boxes[group] ?? {};
    return Array.from({ length: count }, (_, index) => ({
      x: x + PADDING + (index % columns) * cellWidth,
      y: y + HEADER + Math.floor(index / columns) * cellHeight,
    }));
  });
  return {
    ...metrics,
    width,
    height,
    boxes,
    rowNumbers: [],
    positionOf: (index) => positions[index] ?? { x: 0, y: 0 },
    indexAt: (x, y) => {
      const found = positions.findIndex(
        (cell) => x >= cell.x && x < cell.x + cellWidth && y >= cell.y && y < cell.y + cellHeight,
      );
      return found === -1 ? null : found;
    },
    move: (index, key) => moveAmong(positions, index, key),
  };
}

/** Sideways counts more, so that up and down stay in a box while it has cells there. */
const SIDEWAYS = 3;

function moveAmong(
  positions: readonly { readonly x: number; readonly y: number }[],
  index: number,
  key: string,
): number {
  const last = positions.length - 1;
  const along: Readonly<Record<string, number>> = { ArrowLeft: index - 1, ArrowRight: index + 1, Home: 0, End: last };
  const from = positions[index];
  if (key in along || from === undefined) {
    const to = along[key] ?? index;
    return to < 0 || to > last ? index : to;
  }
  let best = index;
  let bestCost = Infinity;
  for (const [candidate, { x, y }] of positions.entries()) {
    const down = (y - from.y) * (key === 'ArrowDown' ? 1 : -1);
    const cost = down + SIDEWAYS * Math.abs(x - from.x);
    if (down <= 0 || cost >= bestCost) continue;
    best = candidate;
    bestCost = cost;
  }
  return best;
}
