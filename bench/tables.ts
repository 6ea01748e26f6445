/** The blocks of docs/performance.md and of the README, by name, from the results. */
import { WORKERS } from './cases.ts';
import { PARTS } from './client/profiler.ts';
import type { Part } from './client/profiler.ts';
import { CLIENTS, CLIENT_IDS } from './clients.ts';
import type { ClientId } from './clients.ts';
import { NOT_MEASURED, median, number, spread, table } from './markdown.ts';
import type { Figure, Figures } from './results.ts';
import { evaluateTargets } from './targets.ts';
import type { Verdict } from './targets.ts';

type Block = (figures: Figures) => string;

interface Column {
  readonly head: string;
  readonly cell: (figures: Figures, client: ClientId) => Figure;
}

/** A row for each client that was measured in any of the columns. */
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
  if (!results.isFull) lines.push('**A short run, to see that it works: these figures mean nothing.**');
  if (isBusy)
    lines.push(
      '**Something else was at work in the minute before the run.** Ratios are taken within a round, so they hold better than times.',
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
      metricColumn(`memory-${shards}`, 'rssKiB', `of ${shards}: RSS, KiB`),
      metricColumn(`memory-${shards}`, 'heapKiB', 'heap, KiB'),
      metricColumn(`memory-${shards}`, 'rssAtOnceKiB', 'RSS at once, KiB'),
    ]),
    median,
  );

const block: Block = (figures) => clientTable(figures, [metricColumn('block', 'longestMs', 'longest block, ms')]);
const growth: Block = (figures) =>
  clientTable(figures, [
    metricColumn('growth', 'objectsKiB', 'objects, KiB'),
    metricColumn('growth', 'heapKiB', 'heap with code, KiB'),
    metricColumn('growth', 'rssKiB', 'RSS, KiB'),
    metricColumn('growth', 'reconnects', 'after reconnects'),
  ]);
const storm: Block = (figures) =>
  clientTable(figures, [
    metricColumn('storm', 'allResumedMs', 'all resumed, ms'),
    metricColumn('storm', 'medianResumedMs', 'half of them, ms'),
    metricColumn('storm', 'spreadMs', 'first attempts spread over, ms'),
    metricColumn('storm', 'identified', 'sessions given up'),
  ]);
const heartbeat: Block = (figures) =>
  clientTable(figures, [
    metricColumn('heartbeat', 'medianLatePercent', 'median, % of the interval'),
    metricColumn('heartbeat', 'mostLatePercent', 'at worst, %'),
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
  collector: 'garbage, %',
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

const README_ROWS: readonly (readonly [string, plain: ClientId, zlib: ClientId])[] = [
  ['shardwright', 'ours-plain', 'ours-zlib'],
  ['shardwright, nobody reads `d`', 'ours-plain-unread', 'ours-zlib-unread'],
  ['bare `ws` + `JSON.parse` (+ synchronous inflate)', 'floor-plain', 'floor-zlib'],
  ['@discordjs/ws', 'discordjs-plain', 'discordjs-zlib'],
  ['@discordeno/gateway', 'discordeno-plain', 'discordeno-zlib'],
  ['eris', 'eris-plain', 'eris-zlib'],
  ['oceanic.js', 'oceanic-plain', 'oceanic-zlib'],
  ['seyfert', 'seyfert-plain', 'seyfert-plain'],
];

const readme: Block = (figures) => {
  const cpu = (client: ClientId): string => median(figures.ratio('backlog', client, 'floor-plain', 'cpuUs'));
  const rows = README_ROWS.map(([name, plain, zlib]) => [
    name,
    cpu(plain),
    plain === zlib ? NOT_MEASURED : cpu(zlib),
    plain === zlib ? NOT_MEASURED : median(figures.of('paced-8000', zlib, 'p99Ms')),
    plain === zlib ? NOT_MEASURED : median(figures.of('memory-500', zlib, 'rssAtOnceKiB')),
  ]);
  const { results } = figures;
  const note = results.isFull ? [] : ['', '**From a short run, to see that it works: these figures mean nothing.**'];
  return [
    table(['', 'CPU, plain', 'CPU, zlib-stream', 'p99 at 8,000/s, ms', 'RSS per idle shard, KiB'], rows),
    ...note,
  ].join('\n');
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
  readme,
};

/** All of it, for `latest.md`. */
export const fullReport = (figures: Figures): string =>
  [
    '# Results\n',
    ...Object.entries(BLOCKS)
      .filter(([name]) => name !== 'readme')
      .map(([name, block]) => `## ${name}\n\n${block(figures)}\n`),
  ].join('\n');
