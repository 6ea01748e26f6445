/** Formats tables and numbers in Markdown. */
import type { Figure } from './results.ts';

export const NOT_MEASURED = '–';

/** Two decimals below 10, one below 100, none above; more digits would be noise. */
export function number(value: number): string {
  const size = Math.abs(value);
  return value.toFixed(size < 10 ? 2 : size < 100 ? 1 : 0);
}

export const median = (figure: Figure): string => (figure === null ? NOT_MEASURED : number(figure.median));

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
