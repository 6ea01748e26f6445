/** `npm run fuzz`: sends mutated frames to real shards, and compares what they deliver. See fuzz/README.md. */
import { parseArgs } from 'node:util';
import { CODECS, runSeeds } from '../fuzz/pool.ts';
import type { Codec } from '../fuzz/pool.ts';
import { addOutcome, failureText, noTotals, totalsText } from '../fuzz/report.ts';
import { messageOf } from '../src/protocol/network-errors.ts';

const HELP = `npm run fuzz -- [options]

Connects real shards, and managers with worker threads, to a gateway on loopback that sends valid and mutated frames.
What listeners, dispatches() and the lazy data give is compared with JSON.parse, and counted exactly.

  --minutes N   how long to run (default: 1, or as long as the cases take with --cases)
  --seed N      the first seed (default: a random one)
  --cases N     how many cases to run (default: as many as there is time for)
  --codec NAME  native or stream (default: both, in a process each)
  --steps LIST  with --seed: run only these steps of each case, such as 3,17
  --help        print this text

The exit code is 1 when something differs. Each difference comes with the command that repeats it.
`;

const LINE_EVERY_MS = 10_000;
/** More violations would rarely say something new. */
const MAX_VIOLATIONS = 5;

function numberOption(name: string, text: string, min: number): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value < min)
    throw new Error(`--${name} must be a number of at least ${min}, not ${text}`);
  return value;
}

function codecsOf(name: string | undefined): readonly Codec[] {
  const codecs = name === undefined ? CODECS : CODECS.filter((codec) => codec === name);
  if (codecs.length === 0) throw new Error(`--codec must be native or stream, not ${String(name)}`);
  return codecs;
}

const stepsOf = (list: string | undefined): readonly number[] | null =>
  list === undefined ? null : list === 'none' ? [] : list.split(',').map((text) => numberOption('steps', text, 0));

interface FuzzOptions {
  readonly minutes: number;
  readonly firstSeed: number;
  readonly cases: number;
  readonly codecs: readonly Codec[];
  readonly only: readonly number[] | null;
}

async function fuzz({ minutes, firstSeed, cases, codecs, only }: FuzzOptions): Promise<number> {
  const endsAt = performance.now() + minutes * 60_000;
  const totals = noTotals();
  process.stdout.write(`from seed ${firstSeed}\n`);
  const report = setInterval(() => process.stdout.write(`${totalsText(totals)}\n`), LINE_EVERY_MS);
  await runSeeds({
    codecs,
    firstSeed,
    cases,
    only,
    shouldContinue: () => performance.now() < endsAt && totals.violations < MAX_VIOLATIONS,
    onOutcome: (outcome) => {
      addOutcome(totals, outcome);
      if (outcome.violation !== null) process.stdout.write(`${failureText(outcome)}\n`);
    },
  });
  clearInterval(report);
  process.stdout.write(`${totalsText(totals)}\n`);
  return totals.violations === 0 ? 0 : 1;
}

try {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string' },
      seed: { type: 'string' },
      cases: { type: 'string' },
      codec: { type: 'string' },
      steps: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) process.stdout.write(HELP);
  else
    process.exitCode = await fuzz({
      minutes:
        values.minutes === undefined && values.cases !== undefined
          ? Number.POSITIVE_INFINITY
          : numberOption('minutes', values.minutes ?? '1', 0),
      firstSeed:
        values.seed === undefined ? Math.floor(Math.random() * 1e9) : Math.floor(numberOption('seed', values.seed, 0)),
      cases: values.cases === undefined ? Number.POSITIVE_INFINITY : numberOption('cases', values.cases, 1),
      codecs: codecsOf(values.codec),
      only: stepsOf(values.steps),
    });
} catch (error) {
  process.stderr.write(`fuzz: ${messageOf(error)}\n`);
  process.exitCode = 2;
}
