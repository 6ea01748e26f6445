/** The tables of docs/performance.md, by name, made from the runs. */
import { CASES, WORKERS } from './cases.ts';
import { PARTS } from './client/profiler.ts';
import type { Part } from './client/profiler.ts';
import { CLIENTS, CLIENT_IDS } from './clients.ts';
import type { ClientId } from './clients.ts';
import { boundsText, number, rangeText, table } from './markdown.ts';
import { MIX_NAMES } from './mix.ts';
import type { MixName } from './mix.ts';
import { PHRASES, READ } from './phrases.ts';
import type { Cell, Ranges } from './ranges.ts';
import { evaluateTargets } from './targets.ts';
import type { Verdict } from './targets.ts';

type Block = (ranges: Ranges) => string;

interface Column {
  readonly head: string;
  readonly kind: string;
  readonly metric: string;
}

const NOTHING = 'Not measured yet.';

const isMeasured = (cell: Cell): boolean => cell !== null;

/** Returns a table of what was measured: a row for each client, and the columns that at least one of them has. */
function clientTable(ranges: Ranges, columns: readonly Column[]): string {
  const cellsOf = ({ kind, metric }: Column, clients: readonly ClientId[]): Cell[] =>
    clients.map((client) => ranges.of(`${kind}/${client}`, metric));
  const shown = columns.filter((column) => cellsOf(column, CLIENT_IDS).some(isMeasured));
  const rows = CLIENT_IDS.flatMap((client) => {
    const cells = shown.flatMap((column) => cellsOf(column, [client]));
    return cells.some(isMeasured) ? [[CLIENTS[client].name, ...cells.map(rangeText)]] : [];
  });
  return rows.length === 0 ? NOTHING : table(['', ...shown.map(({ head }) => head)], rows);
}

const of = (kind: string, ...columns: readonly (readonly [metric: string, head: string])[]): Column[] =>
  columns.map(([metric, head]) => ({ kind, metric, head }));

const runs: Block = ({ runs: all }) => {
  if (all.length === 0) return NOTHING;
  const rows = all.map(({ machine, time, commit, loadAfter }) => [
    `${machine.date} ${time}`,
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.system}`,
    machine.node.slice(1),
    commit ?? '',
    `${number(machine.loadBefore)} → ${number(loadAfter)}`,
  ]);
  const { versions = {} } = all.at(-1)?.machine ?? {};
  return [
    table(['run (UTC)', 'machine', 'Node', 'commit', 'load'], rows),
    '',
    `${Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ')}.`,
  ].join('\n');
};

const MIX_HEADS: Readonly<Record<MixName, string>> = { chat: 'chat', usual: 'usual', startup: 'start-up' };

const summary: Block = (ranges) =>
  table(
    ['CPU per dispatch in a backlog', ...MIX_NAMES.map((mix) => MIX_HEADS[mix])],
    READ.map(({ what, client, ratio }) => [
      what,
      ...MIX_NAMES.map((mix) => boundsText(ranges.of(`backlog-${mix}/${client}`, ratio))),
    ]),
  );

function verdictText({ target, missedBy }: Verdict): string {
  if (missedBy === null) return '';
  return missedBy === 0 ? 'met' : `missed by ${number(missedBy)} (${number((missedBy / target.limit) * 100)} %)`;
}

const targets: Block = (ranges) => {
  const verdicts = evaluateTargets(ranges).filter(({ cell }) => cell !== null);
  if (verdicts.length === 0) return NOTHING;
  return table(
    ['', 'target', 'measured', ''],
    verdicts.map((verdict) => {
      const { what, sense, limit, unit } = verdict.target;
      return [what, `${sense === 'max' ? '≤' : '≥'} ${limit} ${unit}`, rangeText(verdict.cell), verdictText(verdict)];
    }),
  );
};

const backlog =
  (mix: MixName, ...more: readonly (readonly [string, string])[]): Block =>
  (ranges) =>
    clientTable(ranges, [
      ...of(
        `backlog-${mix}`,
        ['overFloor', '÷ floor of the codec'],
        ['overPlain', '÷ plain floor'],
        ['overUnread', '÷ floor, nothing parsed'],
        ['cpuUs', 'CPU, µs'],
        ['wallUs', 'time, µs'],
      ),
      ...of(`backlog-${mix}`, ['instructions', 'instructions'], ...more),
    ]);

const ratesOf = (kind: 'paced' | 'memory'): number[] => [
  ...new Set(
    CASES.flatMap((item) =>
      item.kind !== kind ? [] : [item.kind === 'paced' ? item.perSecond : item.kind === 'memory' ? item.shards : 0],
    ),
  ),
];

const paced: Block = (ranges) =>
  clientTable(
    ranges,
    ratesOf('paced').flatMap((rate) =>
      of(`paced-${rate}`, ['p50Ms', `${rate}/s: p50, ms`], ['p99Ms', 'p99, ms'], ['cpuUs', 'CPU, µs']),
    ),
  );

const memory: Block = (ranges) =>
  clientTable(
    ranges,
    ratesOf('memory').flatMap((shards) =>
      of(
        `memory-${shards}`,
        ['rssKiB', `RSS of ${shards} shards, KiB`],
        ['heapKiB', 'heap, KiB'],
        ['rssBeforeGcKiB', 'RSS before GC, KiB'],
      ),
    ),
  );

const simple =
  (kind: string, ...columns: readonly (readonly [string, string])[]): Block =>
  (ranges) =>
    clientTable(ranges, of(kind, ...columns));

const threads: Block = (ranges) =>
  clientTable(
    ranges,
    WORKERS.flatMap((workers) =>
      of(
        `threads-${workers}`,
        ['perSecond', `${workers} workers: dispatches/s`],
        ['cpuUs', 'CPU, µs'],
        ['mainUs', 'of it main thread, µs'],
        ['gatewayUs', 'gateway, µs'],
        ['peakRssMiB', 'peak RSS, MiB'],
      ),
    ),
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
const profile = simple('profile', ...PARTS.map((part) => [`${part}Percent`, PART_HEADS[part]] as const), [
  'allocatedKiB',
  'allocated, KiB',
]);

const problems: Block = (ranges) => {
  if (ranges.runs.length === 0) return NOTHING;
  const lines = CASES.flatMap(({ id }) => {
    const whys = new Set(
      ranges.runs.flatMap((run) => run.cases.flatMap((item) => (item.id === id ? (item.problem ?? []) : []))),
    );
    const noisy = ranges.noisyRuns(id);
    if (noisy > 0) whys.add(`too noisy in ${noisy} of ${ranges.runs.length} runs`);
    return [...whys].map((why) => `- \`${id}\`: ${why}`);
  });
  const uncounted = new Set(ranges.runs.flatMap(({ instructions }) => instructions ?? []));
  for (const why of uncounted) lines.push(`- CPU in instructions: ${why}`);
  return lines.length === 0 ? 'Everything was measured.' : lines.join('\n');
};

/** The blocks of docs/performance.md. */
export const BLOCKS: Readonly<Record<string, Block>> = {
  runs,
  summary,
  targets,
  'backlog-chat': backlog('chat'),
  'backlog-usual': backlog('usual', ['peakRssMiB', 'peak RSS, MiB'], ['outOfOrder', 'out of order']),
  'backlog-startup': backlog('startup'),
  paced,
  memory,
  connect: simple('connect', ['allocatedKiB', 'allocated, KiB'], ['cpuMs', 'CPU, ms']),
  idle: simple('idle', ['heartbeatMs', 'CPU per heartbeat, ms'], ['cpuSPerMinute', 'CPU per minute, s']),
  block: simple('block', ['maxMs', 'max block, ms']),
  growth: simple(
    'growth',
    ['objectsKiB', 'objects, KiB'],
    ['heapKiB', 'heap with code, KiB'],
    ['rssKiB', 'RSS, KiB'],
    ['reconnects', 'reconnects'],
  ),
  storm: simple(
    'storm',
    ['allResumedMs', 'all resumed, ms'],
    ['medianResumedMs', 'median, ms'],
    ['spreadMs', 'first attempts spread over, ms'],
    ['identified', 'new sessions'],
  ),
  heartbeat: simple('heartbeat', ['medianLatePercent', 'median late, % of the interval'], ['maxLatePercent', 'max, %']),
  hello: simple('hello', ['ms', 'HELLO to IDENTIFY, ms']),
  start: simple('start', ['importMs', 'import, ms']),
  threads,
  profile,
  problems,
};

/** Returns what a marker of a document stands for; `undefined` for an unknown one. */
export const contentOf = (name: string, ranges: Ranges): string | undefined =>
  (BLOCKS[name] ?? PHRASES[name])?.(ranges);

/** Returns the blocks in which something was measured, for the terminal. */
export const reportOf = (ranges: Ranges): string =>
  Object.entries(BLOCKS)
    .map(([name, block]) => [name, block(ranges)] as const)
    .filter(([, text]) => text !== NOTHING)
    .map(([name, text]) => `## ${name}\n\n${text}\n`)
    .join('\n');
