/** The pages that `npm run matrix` writes have every row that it tries, and show the settings with which it builds. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { THREADS, promised } from '../../scripts/matrix/bundle-cells.ts';
import { BUNDLERS } from '../../scripts/matrix/bundlers.ts';
import { ROWS } from '../../scripts/matrix/runtime-cells.ts';
import { RUNTIMES } from '../../scripts/matrix/runtimes.ts';
import { WORKS_TEXT, differences, readTable } from '../../scripts/matrix/table.ts';
import { ROOT } from './source-tree.ts';

const settingsOf = (name: string): Promise<string> =>
  readFile(join(ROOT, 'test', 'bundlers', `${name}.config.mjs`), 'utf8');
const guide = (name: string): string => join(ROOT, 'docs', 'guides', `${name}.md`);

describe('docs/guides/runtimes.md', () => {
  test('promises every fault and every feature on every runtime', async () => {
    expect(await readTable(guide('runtimes'), 'runtimes')).toEqual([
      ['', ...RUNTIMES.map(({ name }) => name)],
      ...ROWS.map((title) => [title, ...RUNTIMES.map(() => WORKS_TEXT)]),
    ]);
  });
});

describe('docs/guides/bundling.md', () => {
  test('promises what each bundler makes', async () => {
    expect(await readTable(guide('bundling'), 'bundling')).toEqual([
      ['', ...THREADS],
      ...BUNDLERS.map((bundler) => [bundler.name, ...promised(bundler).map((cell) => cell ?? WORKS_TEXT)]),
    ]);
  });

  test.each(['rollup', 'webpack', 'tsup'])('shows the settings of %s', async (name) => {
    expect(await readFile(guide('bundling'), 'utf8')).toContain(`\`\`\`js\n${await settingsOf(name)}\`\`\``);
  });
});

describe('a run of the matrix', () => {
  const page = [
    ['', 'Node', 'Bun'],
    ['A fault', '✓', '✓'],
  ];

  test('names each cell that it finds otherwise than the page', () => {
    expect(
      differences(page, [
        ['', 'Node', 'Bun'],
        ['A fault', '✓', 'fails'],
      ]),
    ).toEqual(['A fault × Bun: found "fails", the page says "✓"']);
  });

  test('says nothing about a cell that it did not try', () => {
    expect(
      differences(page, [
        ['', 'Node', 'Bun'],
        ['A fault', '✓', null],
      ]),
    ).toEqual([]);
  });
});
