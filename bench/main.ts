/** `npm run bench`: measures all cases and adds the run to the results. */
import { loadavg } from 'node:os';
import { join, relative } from 'node:path';
import { CASES } from './cases.ts';
import type { Case } from './cases.ts';
import { CLIENTS, problemOf } from './clients.ts';
import { instructionsProblem } from './instructions.ts';
import { currentCommit, thisMachine } from './machine.ts';
import { HELP, parseOptions } from './options.ts';
import type { Options } from './options.ts';
import { Progress } from './progress.ts';
import { Ranges } from './ranges.ts';
import { RUNS, writeRun } from './report.ts';
import { recorded } from './results.ts';
import type { Run } from './results.ts';
import { runCases } from './run.ts';
import { FULL, QUICK, withRounds } from './settings.ts';
import type { Settings } from './settings.ts';
import { reportOf } from './tables.ts';
import { Harness } from './harness.ts';

const ROOT = join(import.meta.dirname, '..');
/** For runs that don't count. */
const UNPUBLISHED = join(ROOT, '.cache', 'bench');

/** Returns the cases to measure. A backlog always includes its floors, because its ratios need them. */
function selectCases(only: RegExp | null, settings: Settings): Case[] {
  const included = CASES.filter((item) => settings.includes(item));
  const wanted = included.filter(({ id }) => only === null || only.test(id));
  const mixes = new Set(wanted.map((item) => (item.kind === 'backlog' ? item.mix : null)));
  return included.filter(
    (item) =>
      wanted.includes(item) || (item.kind === 'backlog' && mixes.has(item.mix) && item.client.startsWith('floor-')),
  );
}

function list(cases: readonly Case[]): void {
  for (const { id, client } of cases) {
    const problem = problemOf(CLIENTS[client]);
    process.stdout.write(
      `${id.padEnd(36)} ${CLIENTS[client].name}${problem === null ? '' : `  (skipped: ${problem})`}\n`,
    );
  }
}

/** Where an ISO 8601 time has hours and minutes. */
const CLOCK_AT = 11;
const CLOCK_LENGTH = 5;

const QUICK_NOTE = `This was a quick run: the floors, shardwright and @discordjs/ws, in one generation of processes. Its ratios are
honest, but less certain than those of a full run, and it is not added to the results.`;

async function bench({ quick, only, rounds }: Options, cases: readonly Case[], settings: Settings): Promise<void> {
  const machine = thisMachine();
  const time = new Date().toISOString().slice(CLOCK_AT, CLOCK_AT + CLOCK_LENGTH);
  const progress = new Progress(
    cases.reduce((sum, { kind }) => sum + (kind === 'backlog' ? 1 : settings.rounds[kind]), 0),
  );
  if (machine.loadBefore > machine.cores / 2)
    progress.line(`The machine is busy (load ${machine.loadBefore.toFixed(1)}), so some cases will be too noisy.`);
  await using harness = new Harness();
  const results = await runCases(cases, settings, harness, progress);
  const [loadAfter = 0] = loadavg();
  const run: Run = {
    machine,
    time,
    commit: currentCommit(),
    loadAfter,
    instructions: instructionsProblem(),
    cases: recorded(results),
  };
  const counts = !quick && only === null && (rounds ?? FULL.backlog.rounds) >= FULL.backlog.rounds;
  const file = writeRun(run, counts ? RUNS : UNPUBLISHED);
  progress.line(
    `\n${reportOf(new Ranges([run]))}\n${quick ? `${QUICK_NOTE}\n` : ''}written to ${relative(ROOT, file)}`,
  );
  if (counts) progress.line('npm run bench:report writes the range of all runs into the documents.');
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
