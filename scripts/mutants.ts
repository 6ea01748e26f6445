/** `npm run mutants`: puts one small fault after another into the machine and its actors, and asks the tests for each. */
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs, styleText } from 'node:util';
import { constantMutants } from './mutants/constants.ts';
import { runAll } from './mutants/runner.ts';
import { MODULES, mutantsOf } from './mutants/modules.ts';
import type { MutantRef, Result } from './mutants/mutant.ts';
import { lastResults, report } from './mutants/report.ts';
import { ACTOR_CODE, CHART_CODE, codeMutants } from './mutants/stryker.ts';
import { suitesOf } from './mutants/suites.ts';
import { ROOT } from './run.ts';

const USAGE = `npm run mutants -- [options]

  --chart          what a shard is: machines/
  --actors         what it does: src/actors and what is around them
  --only PATTERN   mutants whose id fits this regular expression; of Stryker's, files whose path does
                   ('file.ts:10-20': those lines of it)
  --suites PATTERN the suites whose path has this in it
  --list           the ids, of all but Stryker's
  --no-code        without Stryker's
  --workers N      at the same time; default 2
  --help

Without --chart or --actors: both. Results are in .cache/mutants. Exit code 1 below the bar.`;

const { values: options } = parseArgs({
  options: {
    chart: { type: 'boolean', default: false },
    actors: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    suites: { type: 'string', default: '' },
    list: { type: 'boolean', default: false },
    code: { type: 'boolean', default: true },
    workers: { type: 'string', default: '2' },
    help: { type: 'boolean', default: false },
  },
  allowNegative: true,
});

const [, pattern = '', lines] = /^(.*?)(?::(\d+-\d+))?$/.exec(options.only) ?? [];
const only = new RegExp(pattern);
const workers = Number(options.workers);
const both = options.chart === options.actors;
const isChart = (file: string): boolean => file.startsWith('machines/');
const wantedSuites = (files: readonly string[], quick = false): string[] =>
  suitesOf(files, { quick }).filter((suite) => suite.includes(options.suites));
const isWanted = (file: string): boolean => both || options.chart === isChart(file);

async function ownMutants(): Promise<MutantRef[]> {
  const perModule = await Promise.all(
    Object.keys(MODULES).map(async (file) =>
      mutantsOf(file, (await import(join(ROOT, file))) as object).map(({ id }) => ({ id, file })),
    ),
  );
  return [...perModule.flat(), ...constantMutants()].filter(({ id, file }) => isWanted(file) && only.test(id));
}

async function runOwn(mutants: readonly MutantRef[]): Promise<Result[]> {
  if (mutants.length === 0) return [];
  const before = new Map(lastResults().map(({ id, killedBy }) => [id, killedBy?.split(': ')[0]]));
  let done = 0;
  let survived = 0;
  return runAll(mutants, wantedSuites(mutants.map(({ file }) => file)), workers, {
    onBrokenSuite: (suite, failed) => {
      problems.push(`${suite} fails without any mutant, and is left out: ${failed}`);
      console.log(styleText('red', problems.at(-1) ?? ''));
    },
    onResult: ({ id, verdict }) => {
      done += 1;
      if (verdict === 'survived') survived += 1;
      if (process.stdout.isTTY) process.stdout.write(`\r${done}/${mutants.length}, ${survived} survived\x1b[K`);
      else if (verdict === 'survived' || done % 50 === 0) console.log(`${done}/${mutants.length} ${verdict}: ${id}`);
    },
    lastKiller: (id) => before.get(id),
  });
}

async function runStryker(): Promise<Result[]> {
  const files = globSync([...CHART_CODE, ...ACTOR_CODE].filter(isWanted), { cwd: ROOT }).filter((file) =>
    only.test(file),
  );
  if (files.length === 0) return [];
  return codeMutants(
    lines === undefined ? files : files.map((file) => `${file}:${lines}`),
    wantedSuites(files, true),
    workers,
  );
}

async function main(): Promise<void> {
  const mutants = await ownMutants();
  if (options.list) return console.log(mutants.map(({ id }) => id).join('\n'));
  const startedAt = performance.now();
  const own = await runOwn(mutants);
  const code = options.code ? await runStryker() : [];
  problems.push(...report([...own, ...code], { all: both && options.code && options.only === '' }));
  console.log(`\n${own.length + code.length} mutants in ${((performance.now() - startedAt) / 60_000).toFixed(1)} min`);
  for (const line of problems) console.log(styleText('red', line));
  if (problems.length > 0) process.exitCode = 1;
}

const problems: string[] = [];
if (options.help) console.log(USAGE);
else await main();
