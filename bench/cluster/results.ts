/** The results of the cases of a cluster, and the figures that are read from them. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Machine } from '../machine.ts';
import { number, spread, table } from '../markdown.ts';
import type { CaseResult, Figure } from '../results.ts';
import { ratios, summarize } from '../statistics.ts';
import type { ByRound } from '../statistics.ts';
import type { ClusterCaseId } from './cases.ts';
import type { ClusterSettings } from './settings.ts';

export interface ClusterResults {
  readonly machine: Machine;
  /** Whether the run can be published: all cases, with the full settings, and a machine that was not overloaded. */
  readonly isFull: boolean;
  /** Whether it only shows that the bench works. */
  readonly isQuick: boolean;
  readonly settings: ClusterSettings;
  readonly cases: readonly CaseResult[];
}

const ROOT = join(import.meta.dirname, '..', '..');

export const CLUSTER_LATEST = join(ROOT, 'bench', 'results', 'cluster.json');

export const readClusterResults = (file: string): ClusterResults =>
  JSON.parse(readFileSync(file, 'utf8')) as ClusterResults;

/** The published results; `null` if there are none. */
export const publishedResults = (): ClusterResults | null =>
  existsSync(CLUSTER_LATEST) ? readClusterResults(CLUSTER_LATEST) : null;

/** Quartiles that are further apart say nothing. */
const NOISE = 0.1;
const MIN_ROUNDS = 3;

function byRound({ cases }: ClusterResults, id: ClusterCaseId, metric: string): ByRound {
  const samples = cases.find((result) => result.id === id)?.samples ?? [];
  return new Map(
    samples.flatMap(({ round, values }) => (values[metric] === undefined ? [] : [[round, values[metric]]])),
  );
}

const figureOf = (values: readonly number[]): Figure => (values.length === 0 ? null : summarize(values));

/** A figure; `null` if it was not measured. */
export const figure = (results: ClusterResults, id: ClusterCaseId, metric: string): Figure =>
  figureOf([...byRound(results, id, metric).values()]);

/** What one case uses for each unit of another in the same round. */
const ratio = (results: ClusterResults, id: ClusterCaseId, base: ClusterCaseId): Figure =>
  figureOf(ratios(byRound(results, id, 'cpuUs'), byRound(results, base, 'cpuUs')));

interface Row {
  readonly what: string;
  readonly unit: string;
  readonly limit?: number;
  readonly of: (results: ClusterResults) => Figure;
}

const row = (what: string, unit: string, id: ClusterCaseId, metric: string): Row => ({
  what,
  unit,
  of: (results) => figure(results, id, metric),
});

const ROWS: readonly Row[] = [
  {
    what: 'CPU per dispatch of a node: with `publish` ÷ without, backlog, zlib-stream, unread',
    unit: '×',
    limit: 1.4,
    of: (results) => ratio(results, 'backlog/publish', 'backlog/node'),
  },
  {
    what: 'the same ÷ a manager without an engine',
    unit: '×',
    of: (results) => ratio(results, 'backlog/publish', 'backlog/alone'),
  },
  {
    what: 'with `publish` ÷ without, 20 dispatches a second on each of 50 shards',
    unit: '×',
    of: (results) => ratio(results, 'spread/publish', 'spread/node'),
  },
  row('CPU per dispatch of a node with `publish`, backlog', 'µs', 'backlog/publish', 'cpuUs'),
  row('the same, 1,000/s over 50 shards', 'µs', 'spread/publish', 'cpuUs'),
  row('the same without `publish`', 'µs', 'spread/node', 'cpuUs'),
  row('CPU per dispatch of Redis, published and consumed once, 1,000/s', 'µs', 'spread/publish', 'redisCpuUs'),
  row('commands per dispatch in Redis, those of scripts included, 1,000/s', '', 'spread/publish', 'redisCalls'),
  row('CPU per dispatch of a consumer, 1,000/s', 'µs', 'spread/publish', 'consumerCpuUs'),
  row('from socket to handler, 1,000/s: p50', 'ms', 'spread/publish', 'p50Ms'),
  row('from socket to handler, 1,000/s: p99', 'ms', 'spread/publish', 'p99Ms'),
  row('committed, one at a time', '/s', 'commit/1', 'perSecond'),
  row('committed, 32 under way', '/s', 'commit/32', 'perSecond'),
  row('committed, 64 under way', '/s', 'commit/64', 'perSecond'),
  row('committed, 32 under way with 32 dispatches each', '/s', 'commit/batches', 'perSecond'),
  row('consumed by one process, `d` read', '/s', 'consume', 'perSecond'),
  row('memory of Redis per dispatch in a stream', 'bytes', 'consume', 'bytesPerEntry'),
  row('CPU of Redis per shard, when a node reads who has what', 'µs', 'look', 'redisCpuUs'),
  row('the same of the node', 'µs', 'look', 'cpuUs'),
  row(
    'take-over of all shards of a node after `kill -9`, from the kill to the last RESUMED',
    's',
    'take-over',
    'tookSeconds',
  ),
  row('the same, less the time of a lease', 's', 'take-over', 'afterLeaseSeconds'),
  row('shards taken over', '', 'take-over', 'shards'),
  row('IDENTIFYs of the take-over', '', 'take-over', 'identified'),
];

/** Says what a figure is worth. */
export function noteOf(value: Figure, limit?: number): string {
  if (value === null) return 'not measured';
  const { low, high, median, count } = value;
  if (count < MIN_ROUNDS) return 'too few rounds';
  if (high - low > Math.abs(median) * NOISE) return 'too noisy';
  if (limit === undefined) return '';
  return median <= limit ? 'met' : `missed by ${number(median - limit)}`;
}

export const figuresTable = (results: ClusterResults): string =>
  table(
    ['', 'target', 'measured', ''],
    ROWS.map(({ what, unit, limit, of }) => {
      const value = of(results);
      const target = limit === undefined ? '' : `≤ ${limit} ${unit}`;
      return [what, target, `${spread(value)} ${unit}`.trim(), noteOf(value, limit)];
    }),
  );

export function machineLines({ machine, isFull, isQuick }: ClusterResults): string {
  const { date, cpu, cores, memoryGiB, system, node, loadBefore, versions } = machine;
  const lines = [
    `Measured on ${date}: ${cpu}, ${cores} cores, with Redis on them, ${memoryGiB} GiB, ${system}, Node ${node.slice(1)}; load before the run ${number(loadBefore)}.`,
    `${Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ')}.`,
  ];
  if (isQuick) lines.push('**A short run to check that the bench works: these figures mean nothing.**');
  else if (!isFull) lines.push('**Not all cases or rounds.** A full run is more exact.');
  if (loadBefore > cores / 2)
    lines.push(
      '**The machine was busy in the minute before the run.** Ratios compare cases of the same round, so trust them more than times.',
    );
  return lines.join('\n');
}
