/** The performance targets of this package, and how far the measured figures are from them. */
import type { ClientId } from './clients.ts';
import { MIX_NAMES } from './mix.ts';
import type { Cell, Ranges } from './ranges.ts';

export interface Target {
  readonly what: string;
  /** Whether the limit is a max or a min. */
  readonly sense: 'max' | 'min';
  readonly limit: number;
  readonly unit: string;
  readonly cell: (ranges: Ranges) => Cell;
}

export interface Verdict {
  readonly target: Target;
  readonly cell: Cell;
  /** How far the middle of the runs misses the target, in its unit; 0 when it is met, `null` when not measured. */
  readonly missedBy: number | null;
}

/** One target for each mix. */
const inEachMix = (
  what: string,
  client: ClientId,
  ratio: string,
  limit: number,
  unit: string,
  sense: Target['sense'] = 'max',
): Target[] =>
  MIX_NAMES.map((mix) => ({
    what: `${mix}: ${what}`,
    sense,
    limit,
    unit,
    cell: (ranges) => ranges.of(`backlog-${mix}/${client}`, ratio),
  }));

const single = (what: string, id: string, metric: string, limit: number, unit: string): Target => ({
  what,
  sense: 'max',
  limit,
  unit,
  cell: (ranges) => ranges.of(id, metric),
});

const RECORDED_PER_SECOND = 2_000;
/** A second of CPU time is 1e6 µs, and 100 % of a core. */
const PERCENT_PER_US = 100 / 1e6;

const OF_SAME = '× floor of the codec';
const OF_PLAIN = '× plain floor';

export const TARGETS: readonly Target[] = [
  ...inEachMix('CPU per dispatch, plain, d read', 'ours-plain', 'overFloor', 1.06, OF_SAME),
  ...inEachMix('CPU per dispatch, zlib-stream, d read', 'ours-zlib', 'overFloor', 1.06, OF_SAME),
  ...inEachMix('CPU per dispatch, zstd-stream, d read', 'ours-zstd', 'overFloor', 1.06, OF_SAME),
  ...inEachMix('CPU of @discordjs/ws ÷ ours, plain', 'discordjs-plain', 'overOurs', 1, '×', 'min'),
  ...inEachMix('CPU per dispatch, plain, d not read', 'ours-plain-unread', 'overPlain', 0.5, OF_PLAIN),
  ...inEachMix('CPU per dispatch, zlib-stream, d not read', 'ours-zlib-unread', 'overPlain', 0.8, OF_PLAIN),
  {
    what: 'CPU of a flight recorder at 2,000 dispatches/s',
    sense: 'max',
    limit: 3,
    unit: '% of a core',
    cell: (ranges) =>
      ranges.excess(
        'paced-2000/ours-zlib-recorder',
        'paced-2000/ours-zlib',
        'cpuUs',
        PERCENT_PER_US * RECORDED_PER_SECOND,
      ),
  },
  {
    what: 'CPU of a flight recorder at 2,000 dispatches/s, of what the shard uses',
    sense: 'max',
    limit: 3,
    unit: '% of the shard',
    cell: (ranges) => ranges.excessPercent('paced-2000/ours-zlib-recorder', 'paced-2000/ours-zlib', 'cpuUs'),
  },
  single('allocated to connect a shard, zlib-stream', 'connect/ours-zlib', 'allocatedKiB', 110, 'KiB'),
  single('RSS before GC per idle shard of 500, zlib-stream', 'memory-500/ours-zlib', 'rssBeforeGcKiB', 90, 'KiB'),
  single('RSS before GC per idle shard of 500, plain', 'memory-500/ours-plain', 'rssBeforeGcKiB', 115, 'KiB'),
  single('heap per idle shard of 500, zlib-stream', 'memory-500/ours-zlib', 'heapKiB', 16, 'KiB'),
  single('heap per idle shard of 500, plain', 'memory-500/ours-plain', 'heapKiB', 14, 'KiB'),
  single('CPU per heartbeat of an idle shard', 'idle/ours-zlib', 'heartbeatMs', 0.4, 'ms'),
  single('CPU of 1,000 idle shards', 'idle/ours-zlib', 'cpuSPerMinute', 0.8, 's per minute'),
  single('CPU of 1,000 idle shards with an open page', 'idle/ours-plain-page', 'cpuSPerMinute', 2, 's per minute'),
  single('import of the package', 'start/ours-plain', 'importMs', 70, 'ms'),
  // A leak would be much larger than this; smaller growth is noise.
  single('growth of objects after 200 reconnects, zlib-stream', 'growth/ours-zlib', 'objectsKiB', 100, 'KiB'),
  single('200 killed sockets, time until all resumed', 'storm/ours-zlib', 'allResumedMs', 500, 'ms'),
  {
    ...single('200 killed sockets, spread of the first attempts', 'storm/ours-zlib', 'spreadMs', 50, 'ms'),
    sense: 'min',
  },
  single('max heartbeat delay at full speed, plain', 'heartbeat/ours-plain', 'maxLatePercent', 5, '% of the interval'),
  single('max heartbeat delay at full speed, zlib', 'heartbeat/ours-zlib', 'maxLatePercent', 5, '% of the interval'),
];

export const evaluateTargets = (ranges: Ranges, targets: readonly Target[] = TARGETS): Verdict[] =>
  targets.map((target) => {
    const cell = target.cell(ranges);
    if (cell === null || cell === 'noisy') return { target, cell, missedBy: null };
    const excess = target.sense === 'max' ? cell.middle - target.limit : target.limit - cell.middle;
    return { target, cell, missedBy: Math.max(0, excess) };
  });
