/** `npm run mutants`: puts small faults into the machine and its actors, one by one, and runs the tests on each. */
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

Puts small faults into the code, one by one, and runs the tests on each. A fault that no test
notices survives.

  --chart          mutate machines/
  --actors         mutate src/actors and the code around it
  --only PATTERN   run only the mutants whose id matches this regular expression; for the mutants of
                   Stryker, the path of the file ('file.ts:10-20' for some lines of it)
  --suites PATTERN run only the test suites whose path contains this text
  --list           print the ids of all mutants except those of Stryker
  --no-code        skip the mutants of Stryker
  --workers N      the number of parallel processes (2)
  --help           print this help

Without --chart and --actors it mutates both. The results are in .cache/mutants. The exit code is 1
when too many mutants survive.`;

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
      problems.push(`${suite} fails without a mutant, so it is skipped: ${failed}`);
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
