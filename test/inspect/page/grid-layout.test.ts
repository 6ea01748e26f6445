import { describe, expect, test } from 'vitest';
import { cellPosition, gridLayout, cellIndexAt, moveIndex } from '../../../src/inspect/page/grid/grid-layout.ts';

describe('gridLayout', () => {
  test.each([
    [1, 1_400],
    [64, 1_400],
    [64, 300],
    [1_000, 1_400],
    [1_000, 300],
    [8_000, 1_400],
  ])('%i shards fit into %i px, and each is found at its position', (count, width) => {
    const layout = gridLayout(count, width);
    expect(layout.gutter + layout.columns * layout.cellWidth).toBeLessThanOrEqual(width);
    const found = Array.from({ length: count }, (_, index) => {
      const { x, y } = cellPosition(layout, index);
      return cellIndexAt(layout, count, x + layout.cellWidth / 2, y + layout.cellHeight / 2);
    });
    expect(found).toEqual(Array.from({ length: count }, (_, index) => index));
  });

  test('cells have numbers while there is room, otherwise rows have a multiple of ten cells', () => {
    expect(gridLayout(64, 1_400)).toMatchObject({ labelled: true, columns: 33 });
    expect(gridLayout(1_000, 1_400)).toMatchObject({ labelled: false, columns: 70 });
  });

  test('a point beside the cells has no index', () => {
    const layout = gridLayout(1_000, 1_400);
    expect(cellIndexAt(layout, 1_000, 5, 5), 'left of the cells').toBeNull();
    expect(cellIndexAt(layout, 1_000, 1_399, 5), 'right of the cells').toBeNull();
    expect(cellIndexAt(layout, 1_000, 1_000, 14 * layout.cellHeight + 5), 'below the cells').toBeNull();
  });

  test('arrow keys move by one cell and by one row, and stop at the edge', () => {
    const layout = gridLayout(64, 1_400);
    const movesFrom = (index: number): Record<string, number> =>
      Object.fromEntries(
        ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'Home', 'End'].map((key) => [
          key,
          moveIndex(layout, 64, index, key),
        ]),
      );
    expect(movesFrom(0)).toEqual({ ArrowLeft: 0, ArrowRight: 1, ArrowUp: 0, ArrowDown: 33, Home: 0, End: 63 });
    expect(movesFrom(40)).toEqual({ ArrowLeft: 39, ArrowRight: 41, ArrowUp: 7, ArrowDown: 40, Home: 0, End: 63 });
  });
});
