/** What bots of several sizes need, computed from the figures of a run. Each cell is a range: of the quartiles. */
import { number, table } from '../markdown.ts';
import type { Figure } from '../results.ts';
import { figure } from './results.ts';
import type { ClusterResults } from './results.ts';

const SIZES = [
  { shards: 16, nodes: 4 },
  { shards: 160, nodes: 8 },
  { shards: 1_600, nodes: 16 },
  { shards: 16_000, nodes: 64 },
] as const;
/** How often each node reads who has what, while shards start or move. */
const LOOKS_PER_SECOND = 1;
const US_PER_SECOND = 1e6;
const BYTES_PER_GIB = 1_024 ** 3;
/** A server that works more than this of the time makes the others wait. */
const FULL_SHARE = 0.7;
/** `publish.maxAgeMs` and `publish.maxLength` by default. */
const KEPT = { seconds: 3_600, entries: 100_000 };

interface Range {
  readonly low: number;
  readonly high: number;
}

const times = (value: Range | null, factor: number): Range | null =>
  value === null ? null : { low: value.low * factor, high: value.high * factor };

const digits = (value: number): string => (value < 10 ? number(value) : Math.round(value).toLocaleString('en-US'));

function text(range: Range | null): string {
  if (range === null) return '–';
  const [low, high] = [digits(range.low), digits(range.high)];
  return low === high ? low : `${low}–${high}`;
}

const rounded = (range: Range | null): string =>
  text(range === null ? null : { low: Math.ceil(range.low), high: Math.ceil(range.high) }).replaceAll('.00', '');

/** @param perShard - the dispatches that each shard gets per second */
export function capacityTable(results: ClusterResults, perShard: number): string {
  const of = (metric: string): Figure => figure(results, 'spread/publish', metric);
  const rows = SIZES.map(({ shards, nodes }) => {
    const perSecond = shards * perShard;
    const cores = perSecond / US_PER_SECOND;
    const redisCores = times(of('redisCpuUs'), cores);
    const kept = shards * Math.min(KEPT.entries, perShard * KEPT.seconds);
    return [
      digits(shards),
      String(nodes),
      digits(perSecond),
      text(times(of('cpuUs'), cores)),
      text(times(of('consumerCpuUs'), cores)),
      text(times(of('redisCalls'), perSecond)),
      text(redisCores),
      text(times(figure(results, 'look', 'redisCpuUs'), (shards * nodes * LOOKS_PER_SECOND) / US_PER_SECOND)),
      rounded(times(redisCores, 1 / FULL_SHARE)),
      text(times(figure(results, 'consume', 'bytesPerEntry'), kept / BYTES_PER_GIB)),
    ];
  });
  return table(
    [
      'shards',
      'nodes',
      'events/s',
      'cores of nodes',
      'cores of consumers',
      'commands/s in Redis',
      'cores of Redis',
      'more while shards move',
      'Redis servers',
      'memory of Redis, GiB',
    ],
    rows,
  );
}

/** The rate that the figures were measured at: at a higher one, events share commits, and cost less. */
export const measuredPerShard = ({ settings: { spread } }: ClusterResults): number => spread.perSecond / spread.shards;
