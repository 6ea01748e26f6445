/** The performance targets of this package, and how far the measured figures are from them. */
import type { ClientId } from './clients.ts';
import type { Figure, Figures } from './results.ts';

export interface Target {
  readonly what: string;
  /** Whether the limit is a max or a min. */
  readonly sense: 'max' | 'min';
  readonly limit: number;
  readonly unit: string;
  readonly figure: (figures: Figures) => Figure;
}

export interface Verdict {
  readonly target: Target;
  readonly figure: Figure;
  /** How far the median misses the target, in its unit; 0 when the target is met, `null` when not measured. */
  readonly missedBy: number | null;
}

const cpu = (what: string, client: ClientId, limit: number): Target => ({
  what,
  sense: 'max',
  limit,
  unit: '× floor',
  figure: (figures) => figures.ratio('backlog', client, 'floor-plain', 'cpuUs'),
});

const idle = (what: string, client: ClientId, metric: 'rssBeforeGcKiB' | 'heapKiB', limit: number): Target => ({
  what,
  sense: 'max',
  limit,
  unit: 'KiB',
  figure: (figures) => figures.of('memory-500', client, metric),
});

export const TARGETS: readonly Target[] = [
  cpu('CPU per dispatch, plain, d read', 'ours-plain', 1.05),
  cpu('CPU per dispatch, zlib-stream, d read', 'ours-zlib', 1.35),
  cpu('CPU per dispatch, zstd-stream, d read', 'ours-zstd', 1.2),
  cpu('CPU per dispatch, plain, d not read', 'ours-plain-unread', 0.45),
  cpu('CPU per dispatch, zlib-stream, d not read', 'ours-zlib-unread', 0.8),
  cpu('CPU per dispatch, zstd-stream, d not read', 'ours-zstd-unread', 0.65),
  {
    what: 'CPU of @discordjs/ws with node:zlib ÷ ours, zlib-stream backlog',
    sense: 'min',
    limit: 5,
    unit: '×',
    figure: (figures) => figures.ratio('backlog', 'discordjs-zlib', 'ours-zlib', 'cpuUs'),
  },
  idle('RSS before GC per idle shard of 500, zlib-stream', 'ours-zlib', 'rssBeforeGcKiB', 150),
  idle('heap per idle shard of 500, zlib-stream', 'ours-zlib', 'heapKiB', 16),
  idle('RSS before GC per idle shard of 500, plain', 'ours-plain', 'rssBeforeGcKiB', 115),
  idle('heap per idle shard of 500, plain', 'ours-plain', 'heapKiB', 14),
  // A leak would be much larger than this; smaller growth is noise.
  {
    what: 'growth of objects after 200 reconnects, zlib-stream',
    sense: 'max',
    limit: 100,
    unit: 'KiB',
    figure: (figures) => figures.of('growth', 'ours-zlib', 'objectsKiB'),
  },
  {
    what: '200 killed sockets, time until all resumed',
    sense: 'max',
    limit: 500,
    unit: 'ms',
    figure: (figures) => figures.of('storm', 'ours-zlib', 'allResumedMs'),
  },
  {
    what: '200 killed sockets, spread of the first attempts',
    sense: 'min',
    limit: 50,
    unit: 'ms',
    figure: (figures) => figures.of('storm', 'ours-zlib', 'spreadMs'),
  },
  {
    what: 'max heartbeat delay at full speed, plain',
    sense: 'max',
    limit: 5,
    unit: '% of the interval',
    figure: (figures) => figures.of('heartbeat', 'ours-plain', 'maxLatePercent'),
  },
  {
    what: 'max heartbeat delay at full speed, zlib-stream',
    sense: 'max',
    limit: 5,
    unit: '% of the interval',
    figure: (figures) => figures.of('heartbeat', 'ours-zlib', 'maxLatePercent'),
  },
];

export const evaluateTargets = (figures: Figures, targets: readonly Target[] = TARGETS): Verdict[] =>
  targets.map((target) => {
    const figure = target.figure(figures);
    if (figure === null) return { target, figure, missedBy: null };
    const excess = target.sense === 'max' ? figure.median - target.limit : target.limit - figure.median;
    return { target, figure, missedBy: Math.max(0, excess) };
  });
