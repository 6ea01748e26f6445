/** `npm run sim`: runs the simulator on many seeds, or prints the trace of one. See simulator/README.md. */
import { parseArgs } from 'node:util';
import { messageOf } from '../src/protocol/network-errors.ts';
import { simulateClusters, traceClusterSeed } from '../simulator/cluster/cluster-seeds.ts';
import { printScale } from '../simulator/cluster/scale/scale-table.ts';
import { runSeeds } from '../simulator/pool.ts';
import { playRecording } from '../simulator/recorded/play-recording.ts';
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
  --cluster     run clusters of nodes on a memory engine instead
  --shards LIST with --cluster: print how long clusters of these sizes take to start, to be
  --nodes LIST  rolled out, and to recover from the loss of a quarter of their nodes, in virtual
                time: --shards 16,16000 --nodes 4,64
  --max-concurrency N  with --shards: how many IDENTIFYs Discord takes every 5 s (default 16)
  --from FILE   play the faults of a recording (a file or a directory) instead of random ones
  --worlds N    with --from: in how many worlds, from --seed on (default 10)
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

/** Pairs the numbers of two lists. */
function sizesOf(shards: string, nodes: string): { shards: number; nodes: number }[] {
  const nodeCounts = nodes.split(',');
  const sizes = shards.split(',').map((text, index) => ({
    shards: integerOption('shards', text, 1),
    nodes: integerOption('nodes', nodeCounts[index] ?? '', 1),
  }));
  if (nodeCounts.length !== sizes.length) throw new Error('--shards and --nodes must list the same number of sizes');
  return sizes;
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
      from: { type: 'string' },
      worlds: { type: 'string', default: '10' },
      cluster: { type: 'boolean', default: false },
      shards: { type: 'string' },
      nodes: { type: 'string', default: '' },
      'max-concurrency': { type: 'string', default: '16' },
      trace: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const seed = integerOption('seed', values.seed, 0);
  if (values.help) process.stdout.write(HELP);
  else if (values.cluster && values.shards !== undefined)
    await printScale({
      seed,
      sizes: sizesOf(values.shards, values.nodes),
      maxConcurrency: integerOption('max-concurrency', values['max-concurrency'], 1),
      write,
    });
  else if (values.cluster) {
    const hours = integerOption('hours', values.hours, 1);
    const workers = integerOption('workers', values.workers, 1);
    const isWell = await (values.trace
      ? traceClusterSeed(seed, write)
      : simulateClusters({ firstSeed: seed, wantedHours: hours, workers, write }));
    process.exitCode = isWell ? 0 : 1;
  } else if (values.from !== undefined) {
    const isWell = await playRecording({
      path: values.from,
      firstSeed: seed,
      worlds: values.trace ? 1 : integerOption('worlds', values.worlds, 1),
      write,
      isTraced: values.trace,
      ...(values.events === undefined ? {} : { events: integerOption('events', values.events, 0) }),
    });
    process.exitCode = isWell ? 0 : 1;
  } else if (values.trace)
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
