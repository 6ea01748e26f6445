/** `npm run sim`: runs the simulator on many seeds, or prints the trace of one. See simulator/README.md. */
import { parseArgs } from 'node:util';
import { messageOf } from '../src/protocol/network-errors.ts';
import { runSeeds } from '../simulator/pool.ts';
import { failureText, progressLine, summaryText } from '../simulator/report.ts';
import type { Progress } from '../simulator/report.ts';
import { runSimulation } from '../simulator/run.ts';
import { shrink } from '../simulator/shrink.ts';
import { SimulationStats } from '../simulator/simulation-stats.ts';
import { traceTo } from '../simulator/trace.ts';

const HELP = `npm run sim -- [options]

Runs real shards against a simulated Discord in virtual time, and checks what they do. Every fifth seed runs a
real manager. Faults and user actions follow from the seed: the same seed gives the same run.

  --hours N     how many virtual shard-hours to simulate (default 1000)
  --seed N      the first seed (default 1); with --trace, the only one
  --workers N   how many threads to use (default 2)
  --trace       run one seed and print every event
  --events K    with --trace: run only the first K events of the script, then end all faults
  --help        print this text

The exit code is 1 when a check is violated. Each violation comes with the command that repeats it.
`;

const PLAIN_LINE_EVERY_MS = 10_000;
const REDRAW_EVERY_MS = 500;
/** More violations would rarely say something new. */
const MAX_VIOLATIONS = 10;

function integerOption(name: string, text: string, min: number): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < min)
    throw new Error(`--${name} must be an integer of at least ${min}, not ${text}`);
  return value;
}

const write = (line: string): void => void process.stdout.write(`${line}\n`);

async function trace(seed: number, events: number | undefined): Promise<number> {
  const result = await runSimulation(seed, {
    ...(events === undefined ? {} : { events }),
    observe: (world) => traceTo(world, write),
  });
  write(JSON.stringify(result.setting));
  if (result.violation === null) {
    write(`Seed ${seed} violates no check.`);
    return 0;
  }
  const shortest = events === undefined ? ((await shrink(result))?.events ?? null) : null;
  write(failureText({ result, shortest }));
  return 1;
}

async function simulate(firstSeed: number, wantedHours: number, workers: number): Promise<number> {
  const startedAt = performance.now();
  const stats = new SimulationStats();
  const isTerminal = process.stdout.isTTY;
  let hours = 0;
  let seeds = 0;
  let violations = 0;
  const progress = (): Progress => ({
    hours,
    wantedHours,
    seeds,
    violations,
    stats,
    elapsedMs: performance.now() - startedAt,
  });
  const clearLine = isTerminal ? '\r\u001b[K' : '';
  const report = setInterval(
    () => process.stdout.write(`${clearLine}${progressLine(progress())}${isTerminal ? '' : '\n'}`),
    isTerminal ? REDRAW_EVERY_MS : PLAIN_LINE_EVERY_MS,
  );
  await runSeeds({
    workers,
    firstSeed,
    shouldContinue: () => hours < wantedHours && violations < MAX_VIOLATIONS,
    onResult: (seedResult) => {
      hours += seedResult.result.shardHours;
      seeds += 1;
      stats.merge(seedResult.stats);
      if (seedResult.result.violation === null) return;
      violations += 1;
      process.stdout.write(`${clearLine}${failureText(seedResult)}\n`);
    },
  });
  clearInterval(report);
  process.stdout.write(`${clearLine}${summaryText(progress())}\n`);
  return violations === 0 ? 0 : 1;
}

try {
  const { values } = parseArgs({
    options: {
      hours: { type: 'string', default: '1000' },
      seed: { type: 'string', default: '1' },
      workers: { type: 'string', default: '2' },
      events: { type: 'string' },
      trace: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const seed = integerOption('seed', values.seed, 0);
  if (values.help) process.stdout.write(HELP);
  else if (values.trace)
    process.exitCode = await trace(
      seed,
      values.events === undefined ? undefined : integerOption('events', values.events, 0),
    );
  else
    process.exitCode = await simulate(
      seed,
      integerOption('hours', values.hours, 1),
      integerOption('workers', values.workers, 1),
    );
} catch (error) {
  process.stderr.write(`sim: ${messageOf(error)}\n`);
  process.exitCode = 2;
}
