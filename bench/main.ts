/** `npm run bench`: measures all cases and writes the results. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { CASES, FLOOR } from './cases.ts';
import type { Case } from './cases.ts';
import { CLIENTS, problemOf } from './clients.ts';
import { thisMachine } from './machine.ts';
import { HELP, parseOptions } from './options.ts';
import type { Options } from './options.ts';
import { Progress } from './progress.ts';
import { Figures, toJson } from './results.ts';
import type { Results } from './results.ts';
import { runCases } from './run.ts';
import { FULL, QUICK, includes, withRounds } from './settings.ts';
import type { Settings } from './settings.ts';
import { fullReport } from './tables.ts';
import { Harness } from './harness.ts';

const ROOT = join(import.meta.dirname, '..');
const PUBLISHED = join(ROOT, 'bench', 'results');
const UNPUBLISHED = join(ROOT, '.cache', 'bench');

/** Returns the cases to measure. The backlog always includes the floor, because its ratios need it. */
function selectCases(only: RegExp | null, settings: Settings): Case[] {
  const cases = CASES.filter((item) => includes(settings, item) && (only === null || only.test(item.id)));
  const needsFloor = cases.some(({ kind }) => kind === FLOOR.kind) && !cases.includes(FLOOR);
  return needsFloor ? [FLOOR, ...cases] : cases;
}

function list(cases: readonly Case[]): void {
  for (const { id, client } of cases) {
    const problem = problemOf(CLIENTS[client]);
    process.stdout.write(
      `${id.padEnd(32)} ${CLIENTS[client].name}${problem === null ? '' : `  (skipped: ${problem})`}\n`,
    );
  }
}

function write(results: Results): string {
  const folder = results.isFull ? PUBLISHED : UNPUBLISHED;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'latest.json'), toJson(results));
  writeFileSync(join(folder, 'latest.md'), fullReport(new Figures(JSON.parse(toJson(results)) as Results)));
  return relative(ROOT, folder);
}

async function bench({ quick, only, rounds }: Options, cases: readonly Case[], settings: Settings): Promise<void> {
  const machine = thisMachine();
  const progress = new Progress(cases.reduce((sum, { kind }) => sum + settings.rounds[kind], 0));
  if (machine.loadBefore > machine.cores / 2)
    progress.line(`The machine is busy (load ${machine.loadBefore.toFixed(1)}), so the figures will mean little.`);
  await using harness = new Harness();
  const caseResults = await runCases(cases, settings, harness, progress);
  const isFull = !quick && only === null && (rounds ?? FULL.rounds.backlog) >= FULL.rounds.backlog;
  const results: Results = { machine, isFull, settings, cases: caseResults };
  progress.line(`\n${fullReport(new Figures(results))}\nwritten to ${write(results)}`);
}

async function main(args: readonly string[]): Promise<void> {
  const options = parseOptions(args);
  if (options.help) return void process.stdout.write(HELP);
  const base = options.quick ? QUICK : FULL;
  const settings = options.rounds === null ? base : withRounds(base, options.rounds);
  const cases = selectCases(options.only, settings);
  if (cases.length === 0) throw new Error(`no case matches ${options.only?.source}; --list shows them`);
  if (options.list) return list(cases);
  await bench(options, cases, settings);
}

// A reader such as `head` may close the pipe at any line.
process.stdout.on('error', () => process.exit(0));

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
