/** `npm run bench:cluster`: measures the cases of a cluster, or prints what bots of several sizes need. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { messageOf } from '../../src/protocol/network-errors.ts';
import { thisMachine } from '../machine.ts';
import { Progress } from '../progress.ts';
import type { CaseResult } from '../results.ts';
import { toJson } from '../results.ts';
import { measureRounds } from '../rounds.ts';
import { capacityTable, measuredPerShard } from './capacity.ts';
import { CLUSTER_CASES } from './cases.ts';
import type { ClusterCase } from './cases.ts';
import { HELP, parseOptions } from './options.ts';
import type { Options } from './options.ts';
import { CLUSTER_LATEST, figuresTable, machineLines, publishedResults, readClusterResults } from './results.ts';
import type { ClusterResults } from './results.ts';
import { redisVersion } from './rig.ts';
import { FULL, QUICK, withRounds } from './settings.ts';
import type { ClusterSettings } from './settings.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const UNPUBLISHED = join(ROOT, '.cache', 'bench', 'cluster.json');

const write = (text: string): void => void process.stdout.write(`${text}\n`);

const report = (results: ClusterResults): string =>
  `# Results\n\n${machineLines(results)}\n\n${figuresTable(results)}\n`;

function save(results: ClusterResults): string {
  const file = results.isFull ? CLUSTER_LATEST : UNPUBLISHED;
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, toJson(results));
  writeFileSync(file.replace('.json', '.md'), report(JSON.parse(toJson(results)) as ClusterResults));
  return relative(ROOT, file);
}

async function bench({ quick, only, rounds }: Options, settings: ClusterSettings): Promise<void> {
  const cases = CLUSTER_CASES.filter(({ id }) => only?.test(id) !== false);
  if (cases.length === 0) throw new Error(`no case matches ${only?.source}; --list shows them`);
  const machine = thisMachine();
  const { shardwright = '', ws = '' } = machine.versions;
  const versions = { shardwright, ws, redis: await redisVersion() };
  const progress = new Progress(cases.reduce((sum, { kind }) => sum + settings.rounds[kind], 0));
  if (machine.loadBefore > machine.cores / 2)
    progress.line(`The machine is busy (load ${machine.loadBefore.toFixed(1)}), so the figures will mean little.`);
  const results: CaseResult[] = [];
  for (const group of Map.groupBy<ClusterCase['kind'], ClusterCase>(cases, ({ kind }) => kind).values()) {
    const entries = group.map(({ id, kind, measure }) => ({
      id,
      rounds: settings.rounds[kind],
      problem: null,
      measure: () => measure(settings),
    }));
    results.push(...(await measureRounds(entries, progress)));
  }
  const isWhole = !quick && only === null && (rounds ?? FULL.rounds.backlog) >= FULL.rounds.backlog;
  // On an overloaded machine dispatches wait, and share steps that they would not share.
  const isFull = isWhole && machine.loadBefore <= machine.cores;
  const whole: ClusterResults = { machine: { ...machine, versions }, isFull, isQuick: quick, settings, cases: results };
  progress.line(`\n${report(whole)}\nwritten to ${save(whole)}`);
}

function printCapacity({ perShard, results: file }: Options): void {
  const results = file === null ? publishedResults() : readClusterResults(file);
  if (results === null) throw new Error('there are no published results: run the bench, or pass --results FILE');
  const rate = perShard ?? measuredPerShard(results);
  write(`${machineLines(results)}\n\nWith ${rate} events per second and shard:\n\n${capacityTable(results, rate)}`);
}

async function main(args: readonly string[]): Promise<void> {
  const options = parseOptions(args);
  if (options.help) return write(HELP.trimEnd());
  if (options.capacity) return printCapacity(options);
  if (options.list) return write(CLUSTER_CASES.map(({ id }) => id).join('\n'));
  const base = options.quick ? QUICK : FULL;
  await bench(options, options.rounds === null ? base : withRounds(base, options.rounds));
}

// A reader such as `head` may close the pipe at any line.
process.stdout.on('error', () => process.exit(0));

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 1;
}
