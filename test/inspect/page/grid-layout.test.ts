import { describe, expect, test } from 'vitest';
import { cellPosition, gridLayout, cellIndexAt, moveIndex } from '../../../src/inspect/page/grid/grid-layout.ts';

describe('the grid of shards', () => {
  test.each([
    [1, 1_400],
    [64, 1_400],
    [64, 300],
    [1_000, 1_400],
    [1_000, 300],
    [8_000, 1_400],
  ])('%i shards fit into %i px, and each is found where it is', (count, width) => {
    const layout = gridLayout(count, width);
    expect(layout.gutter + layout.columns * layout.cellWidth).toBeLessThanOrEqual(width);
    const found = Array.from({ length: count }, (_, index) => {
      const { x, y } = cellPosition(layout, index);
      return cellIndexAt(layout, count, x + layout.cellWidth / 2, y + layout.cellHeight / 2);
    });
    expect(found).toEqual(Array.from({ length: count }, (_, index) => index));
  });

  test('cells have numbers while there is room, and rows round numbers when there is not', () => {
    expect(
      [gridLayout(64, 1_400), gridLayout(1_000, 1_400)].map(({ labelled, columns }) => ({ labelled, columns })),
    ).toEqual([
      { labelled: true, columns: 33 },
      { labelled: false, columns: 70 },
    ]);
  });

  test('beside the cells there is no shard', () => {
    const layout = gridLayout(1_000, 1_400);
    expect([
      cellIndexAt(layout, 1_000, 5, 5),
      cellIndexAt(layout, 1_000, 1_399, 5),
      cellIndexAt(layout, 1_000, 1_000, 14 * layout.cellHeight + 5),
    ]).toEqual([null, null, null]);
  });

  test('arrow keys move by one and by a row, and stop at the rim', () => {
    const layout = gridLayout(64, 1_400);
    const from = (index: number): Record<string, number> =>
      Object.fromEntries(
        ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'Home', 'End'].map((key) => [
          key,
          moveIndex(layout, 64, index, key),
        ]),
      );
    expect(from(0)).toEqual({ ArrowLeft: 0, ArrowRight: 1, ArrowUp: 0, ArrowDown: 33, Home: 0, End: 63 });
    expect(from(40)).toEqual({ ArrowLeft: 39, ArrowRight: 41, ArrowUp: 7, ArrowDown: 40, Home: 0, End: 63 });
  });
});
