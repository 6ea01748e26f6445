/** The tables of docs/performance.md, by name, made from the results. */
import { WORKERS } from './cases.ts';
import { PARTS } from './client/profiler.ts';
import type { Part } from './client/profiler.ts';
import { CLIENTS, CLIENT_IDS } from './clients.ts';
import type { ClientId } from './clients.ts';
import { median, number, spread, table } from './markdown.ts';
import type { Figure, Figures } from './results.ts';
import { evaluateTargets } from './targets.ts';
import type { Verdict } from './targets.ts';

type Block = (figures: Figures) => string;

interface Column {
  readonly head: string;
  readonly cell: (figures: Figures, client: ClientId) => Figure;
}

/** Returns a table with a row for each client that was measured in at least one column. */
function clientTable(figures: Figures, columns: readonly Column[], show: (figure: Figure) => string = spread): string {
  const rows = CLIENT_IDS.flatMap((client) => {
    const cells = columns.map(({ cell }) => cell(figures, client));
    return cells.every((cell) => cell === null) ? [] : [[CLIENTS[client].name, ...cells.map(show)]];
  });
  if (rows.length === 0) return 'Not measured.';
  return table(['', ...columns.map(({ head }) => head)], rows);
}

const metricColumn = (kind: string, metric: string, head: string): Column => ({
  head,
  cell: (figures, client) => figures.of(kind, client, metric),
});
const floorRatioColumn = (kind: string, head: string): Column => ({
  head,
  cell: (figures, client) => figures.ratio(kind, client, 'floor-plain', 'cpuUs'),
});

const machine: Block = ({ results }) => {
  const { date, cpu, cores, memoryGiB, system, node, loadBefore, versions } = results.machine;
  const lines = [
    `Measured on ${date}: ${cpu}, ${cores} cores, ${memoryGiB} GiB, ${system}, Node ${node.slice(1)}; load before the run ${number(loadBefore)}.`,
    `${Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ')}.`,
  ];
  const isBusy = loadBefore > cores / 2;
  if (!results.isFull) lines.push('**A short run to check that the bench works: these figures mean nothing.**');
  if (isBusy)
    lines.push(
      '**The machine was busy in the minute before the run.** Ratios compare clients of the same round, so trust them more than times.',
    );
  return lines.join('\n');
};

function verdictText({ target, missedBy }: Verdict): string {
  if (missedBy === null) return 'not measured';
  return missedBy === 0 ? 'met' : `missed by ${number(missedBy)} (${number((missedBy / target.limit) * 100)} %)`;
}

const targets: Block = (figures) =>
  table(
    ['', 'target', 'measured', ''],
    evaluateTargets(figures).map((verdict) => {
      const { what, sense, limit, unit } = verdict.target;
      return [what, `${sense === 'max' ? '≤' : '≥'} ${limit} ${unit}`, spread(verdict.figure), verdictText(verdict)];
    }),
  );

const backlog: Block = (figures) =>
  clientTable(figures, [
    floorRatioColumn('backlog', 'CPU ÷ floor'),
    metricColumn('backlog', 'cpuUs', 'CPU, µs'),
    metricColumn('backlog', 'wallUs', 'time, µs'),
    metricColumn('backlog', 'peakRssMiB', 'peak RSS, MiB'),
    metricColumn('backlog', 'outOfOrder', 'out of order'),
  ]);

const paced: Block = (figures) =>
  clientTable(
    figures,
    figures.results.settings.rates.flatMap((rate) => [
      metricColumn(`paced-${rate}`, 'p50Ms', `${rate}/s: p50, ms`),
      metricColumn(`paced-${rate}`, 'p99Ms', 'p99, ms'),
      metricColumn(`paced-${rate}`, 'cpuUs', 'CPU, µs'),
    ]),
    median,
  );

const memory: Block = (figures) =>
  clientTable(
    figures,
    figures.results.settings.fleets.flatMap((shards) => [
      metricColumn(`memory-${shards}`, 'rssKiB', `${shards} shards: RSS, KiB`),
      metricColumn(`memory-${shards}`, 'heapKiB', 'heap, KiB'),
      metricColumn(`memory-${shards}`, 'rssBeforeGcKiB', 'RSS before GC, KiB'),
    ]),
    median,
  );

const block: Block = (figures) => clientTable(figures, [metricColumn('block', 'maxMs', 'max block, ms')]);
const growth: Block = (figures) =>
  clientTable(figures, [
    metricColumn('growth', 'objectsKiB', 'objects, KiB'),
    metricColumn('growth', 'heapKiB', 'heap with code, KiB'),
    metricColumn('growth', 'rssKiB', 'RSS, KiB'),
    metricColumn('growth', 'reconnects', 'reconnects'),
  ]);
const storm: Block = (figures) =>
  clientTable(figures, [
    metricColumn('storm', 'allResumedMs', 'all resumed, ms'),
    metricColumn('storm', 'medianResumedMs', 'median, ms'),
    metricColumn('storm', 'spreadMs', 'first attempts spread over, ms'),
    metricColumn('storm', 'identified', 'new sessions'),
  ]);
const heartbeat: Block = (figures) =>
  clientTable(figures, [
    metricColumn('heartbeat', 'medianLatePercent', 'median late, % of the interval'),
    metricColumn('heartbeat', 'maxLatePercent', 'max, %'),
  ]);
const hello: Block = (figures) => clientTable(figures, [metricColumn('hello', 'ms', 'HELLO to IDENTIFY, ms')]);

const threads: Block = (figures) =>
  clientTable(
    figures,
    WORKERS.flatMap((workers) => [
      metricColumn(`threads-${workers}`, 'perSecond', `${workers} workers: dispatches/s`),
      metricColumn(`threads-${workers}`, 'cpuUs', 'CPU, µs'),
      metricColumn(`threads-${workers}`, 'peakRssMiB', 'peak RSS, MiB'),
    ]),
    median,
  );

const PART_HEADS: Readonly<Record<Part, string>> = {
  socket: 'socket and ws, %',
  inflate: 'inflate, %',
  text: 'bytes to text, %',
  parse: 'JSON.parse, %',
  client: 'shardwright, %',
  collector: 'garbage collector, %',
  rest: 'the bench, %',
};
const profile: Block = (figures) =>
  clientTable(
    figures,
    [
      ...PARTS.map((part) => metricColumn('profile', `${part}Percent`, PART_HEADS[part])),
      metricColumn('profile', 'allocatedKiB', 'allocated, KiB'),
    ],
    median,
  );

const problems: Block = ({ results }) => {
  const lines = results.cases.flatMap(({ id, problem }) => (problem === null ? [] : [`- \`${id}\`: ${problem}`]));
  return lines.length === 0 ? 'Everything was measured.' : lines.join('\n');
};

export const BLOCKS: Readonly<Record<string, Block>> = {
  machine,
  targets,
  backlog,
  paced,
  memory,
  block,
  growth,
  storm,
  heartbeat,
  hello,
  threads,
  profile,
  problems,
};

/** Returns all blocks, for `latest.md`. */
export const fullReport = (figures: Figures): string =>
  ['# Results\n', ...Object.entries(BLOCKS).map(([name, block]) => `## ${name}\n\n${block(figures)}\n`)].join('\n');
