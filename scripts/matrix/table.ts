/** The tables of the matrix: Markdown between two markers of a page, whose cells a run must find again. */
import { readFile, writeFile } from 'node:fs/promises';

/** Rows of cells; the first row is the head. */
export type Table = readonly (readonly string[])[];

export const WORKS_TEXT = '✓';

const toMarkdown = ([head = [], ...rows]: Table): string =>
  [head, head.map(() => '---'), ...rows]
    .map((cells) => `|${cells.map((cell) => (cell === '---' ? cell : ` ${cell} `)).join('|')}|`)
    .join('\n');

const markersOf = (name: string): readonly [start: string, end: string] => [
  `<!-- matrix: ${name} -->`,
  `<!-- end of matrix: ${name} -->`,
];

/** Returns the text before the markers' content, the content, and the text after it. */
function cut(page: string, name: string): readonly [before: string, content: string, after: string] {
  const [start, end] = markersOf(name);
  const from = page.indexOf(start) + start.length;
  const to = page.indexOf(end);
  if (!page.includes(start) || to < from) throw new Error(`the page has no markers for ${name}`);
  return [page.slice(0, from), page.slice(from, to).trim(), page.slice(to)];
}

export async function writeTable(file: string, name: string, table: Table): Promise<void> {
  const page = await readFile(file, 'utf8');
  const [before, , after] = cut(page, name);
  const written = `${before}\n\n${toMarkdown(table)}\n\n${after}`;
  if (written !== page) await writeFile(file, written);
}

export async function readTable(file: string, name: string): Promise<Table> {
  const [, content] = cut(await readFile(file, 'utf8'), name);
  return content
    .split('\n')
    .filter((_, line) => line !== 1)
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

/** Returns the cells that a run found and that the page has otherwise; cells that were not tried are `null`. */
export function differences(page: Table, found: readonly (readonly (string | null)[])[]): string[] {
  const [head = []] = page;
  return found.flatMap((cells, row) =>
    cells.flatMap((cell, column) =>
      cell === null || cell === page[row]?.[column]
        ? []
        : [`${cells[0]} × ${head[column]}: found "${cell}", the page says "${page[row]?.[column]}"`],
    ),
  );
}

export { toMarkdown };
