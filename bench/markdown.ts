/** Formats tables and numbers in Markdown. */
import type { Cell } from './ranges.ts';
import type { Figure } from './results.ts';

export const NOT_MEASURED = '–';
export const TOO_NOISY = 'too noisy';

/** Two decimals below 10, one below 100, none above; more digits would be noise. */
export function number(value: number): string {
  const size = Math.abs(value);
  return value.toFixed(size < 10 ? 2 : size < 100 ? 1 : 0);
}

const cellText = (cell: Cell, textOf: (range: Exclude<Cell, 'noisy' | null>) => string): string =>
  cell === null ? NOT_MEASURED : cell === 'noisy' ? TOO_NOISY : textOf(cell);

/** `1.41 (1.31–1.47)`: the middle of the runs, and their range. */
export const rangeText = (cell: Cell): string =>
  cellText(cell, ({ middle, low, high, runs }) =>
    runs === 1 ? number(middle) : `${number(middle)} (${number(low)}–${number(high)})`,
  );

/** `1.31–1.47`: the range of the runs alone, for prose. */
export const boundsText = (cell: Cell): string =>
  cellText(cell, ({ low, high }) => (number(low) === number(high) ? number(low) : `${number(low)}–${number(high)}`));

/** `1.41 (1.31–1.47)`: the median and the quartiles. */
export function spread(figure: Figure): string {
  if (figure === null) return NOT_MEASURED;
  return figure.count < 3
    ? number(figure.median)
    : `${number(figure.median)} (${number(figure.low)}–${number(figure.high)})`;
}

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

/** The first column is text, the others are numbers. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [
    line(head),
    `|${head.map((_, column) => (column === 0 ? '---' : '---:')).join('|')}|`,
    ...rows.map(line),
  ].join('\n');
}
