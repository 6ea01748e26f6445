/**
 * `npm run matrix`: runs a bot on every runtime through every fault, and out of the bundle of every bundler, with the
 * package as it is published, and writes what it found into docs. A cell that is promised and fails is an error, and so
 * is one that works without being promised.
 *
 * `--check` compares with docs and writes nothing; `--quick` leaves out what takes long; `--tarball FILE` is used in
 * place of a new build; `--only NAME` tries the runtimes and bundlers whose name contains NAME.
 */
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs, styleText } from 'node:util';
import { THREADS, promised, runBundle } from './matrix/bundle-cells.ts';
import { BUNDLERS } from './matrix/bundlers.ts';
import type { Outcome } from './matrix/outcome.ts';
import { ROWS, runRuntime } from './matrix/runtime-cells.ts';
import { RUNTIMES, findRuntime } from './matrix/runtimes.ts';
import { WORKS_TEXT, differences, readTable, writeTable } from './matrix/table.ts';
import type { Table } from './matrix/table.ts';
import { installInto, pack, withTemporaryDirectory } from './package-checks.ts';
import { ROOT, run } from './run.ts';

const { check, quick, tarball, only } = parseArgs({
  options: {
    check: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    tarball: { type: 'string' },
    only: { type: 'string', default: '' },
  },
}).values;

const GUIDES = join(ROOT, 'docs', 'guides');

const failures: string[] = [];
const isWanted = ({ name, isQuick }: { readonly name: string; readonly isQuick: boolean }): boolean =>
  (isQuick || !quick) && name.toLowerCase().includes(only.toLowerCase());

/** Notes what could not be tried. A continuous integration run must try everything that its system can have. */
function missing(what: string, isPossible: boolean): void {
  console.log(styleText('yellow', `NOT TRIED: ${what} does not run on this machine`));
  if (process.env['CI'] === 'true' && isPossible) failures.push(`${what} must be tried when CI=true`);
}

/** Reports a cell, and returns its text. */
function cellOf(name: string, outcome: Outcome, expected: string | null): string {
  const { failure, details } = outcome;
  const text = failure ?? WORKS_TEXT;
  if (failure === expected) console.log(`  ${text} ${name}`);
  else {
    console.log(styleText('red', `  ${text} ${name}, but ${expected ?? WORKS_TEXT} is promised: ${details}`));
    failures.push(`${name}: ${text}`);
  }
  return text;
}

async function tryRuntimes(project: string): Promise<void> {
  const columns: (readonly (string | null)[])[] = [];
  for (const runtime of RUNTIMES) {
    const found = isWanted(runtime) ? await findRuntime(runtime) : null;
    if (found === null) {
      if (isWanted(runtime)) missing(runtime.name, true);
      columns.push(ROWS.map(() => null));
      continue;
    }
    const cells = await runRuntime({ project, command: found.command }, quick);
    console.log(styleText('bold', `${found.name} ${found.version}`));
    columns.push(cells.map((cell, row) => (cell === null ? null : cellOf(ROWS[row] ?? '', cell, null))));
  }
  const head = ['', ...RUNTIMES.map(({ name }) => name)];
  await publish(
    'runtimes',
    head,
    ROWS.map((title, row) => [title, ...columns.map((cells) => cells[row] ?? null)]),
  );
}

async function tryBundlers(project: string): Promise<void> {
  const rows: (readonly (string | null)[])[] = [];
  for (const bundler of BUNDLERS) {
    const isTried = isWanted(bundler);
    const outcomes = isTried ? await runBundle(bundler, project) : null;
    if (isTried && outcomes === null) missing(bundler.name, process.platform === 'linux');
    if (isTried) console.log(styleText('bold', bundler.name));
    const expected = promised(bundler);
    rows.push([
      bundler.name,
      ...THREADS.map((threads, column) => {
        const outcome = outcomes?.[column];
        return outcome === undefined ? null : cellOf(`${bundler.name}, ${threads}`, outcome, expected[column] ?? null);
      }),
    ]);
  }
  await publish('bundling', ['', ...THREADS], rows);
}

const isComplete = (table: readonly (readonly (string | null)[])[]): table is Table =>
  table.every((cells) => cells.every((cell) => cell !== null));

/** Writes the table into its page, if every cell was tried and is as promised, and compares it with the page. */
async function publish(
  name: 'runtimes' | 'bundling',
  head: readonly string[],
  rows: readonly (readonly (string | null)[])[],
): Promise<void> {
  const file = join(GUIDES, `${name}.md`);
  const table = [head, ...rows];
  if (!check && isComplete(table) && failures.length === 0) await writeTable(file, name, table);
  const page = await readTable(file, name);
  if (page.length !== table.length) failures.push(`docs/guides/${name}.md has other rows; run npm run matrix`);
  else failures.push(...differences(page, table).map((what) => `docs/guides/${name}.md: ${what}; run npm run matrix`));
}

async function tryEverything(directory: string): Promise<void> {
  const project = join(directory, 'consumer');
  if (tarball === undefined) await run('node', ['scripts/build.ts']);
  await installInto(project, tarball ?? (await pack(directory)));
  for (const file of ['bot.mjs', 'pages.mjs']) await cp(join(ROOT, 'test', 'runtimes', file), join(project, file));
  await cp(join(ROOT, 'test', 'bundlers', 'thread.mjs'), join(project, 'thread.mjs'));
  await Promise.all([tryRuntimes(project), tryBundlers(project)]);
}

await withTemporaryDirectory(tryEverything);
if (failures.length > 0) {
  console.error(styleText('red', ['The matrix does not hold:', ...failures].join('\n  ')));
  process.exitCode = 1;
}
