/** What this package wants to reach, each against what was measured. */
import type { ClientId } from './clients.ts';
import type { Figure, Figures } from './results.ts';

export interface Target {
  readonly what: string;
  /** `max` may not be passed, `min` has to be reached. */
  readonly sense: 'max' | 'min';
  readonly limit: number;
  readonly unit: string;
  /** In which direction the limit is meant, and where it was measured. */
  readonly figure: (figures: Figures) => Figure;
}

export interface Verdict {
  readonly target: Target;
  readonly figure: Figure;
  /** How far the median is on the wrong side, in units of the target; 0 when it is met, `null` when not measured. */
  readonly missedBy: number | null;
}

const cpu = (what: string, client: ClientId, limit: number): Target => ({
  what,
  sense: 'max',
  limit,
  unit: '× floor',
  figure: (figures) => figures.ratio('backlog', client, 'floor-plain', 'cpuUs'),
});

const idle = (what: string, client: ClientId, metric: 'rssAtOnceKiB' | 'heapKiB', limit: number): Target => ({
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
  cpu('CPU per dispatch, plain, nobody reads d', 'ours-plain-unread', 0.45),
  cpu('CPU per dispatch, zlib-stream, nobody reads d', 'ours-zlib-unread', 0.8),
  cpu('CPU per dispatch, zstd-stream, nobody reads d', 'ours-zstd-unread', 0.65),
  {
    what: 'backlog, zlib-stream: CPU of @discordjs/ws with node:zlib over ours',
    sense: 'min',
    limit: 5,
    unit: '×',
    figure: (figures) => figures.ratio('backlog', 'discordjs-zlib', 'ours-zlib', 'cpuUs'),
  },
  idle('RSS at once per idle shard of 500, zlib-stream', 'ours-zlib', 'rssAtOnceKiB', 150),
  idle('heap per idle shard of 500, zlib-stream', 'ours-zlib', 'heapKiB', 16),
  idle('RSS at once per idle shard of 500, plain', 'ours-plain', 'rssAtOnceKiB', 115),
  idle('heap per idle shard of 500, plain', 'ours-plain', 'heapKiB', 14),
  // A leak of anything shows as far more than this per reconnect; less is the noise of a heap.
  {
    what: 'objects that stay after 200 reconnects, zlib-stream',
    sense: 'max',
    limit: 100,
    unit: 'KiB',
    figure: (figures) => figures.of('growth', 'ours-zlib', 'objectsKiB'),
  },
  {
    what: '200 killed sockets, until all are resumed',
    sense: 'max',
    limit: 500,
    unit: 'ms',
    figure: (figures) => figures.of('storm', 'ours-zlib', 'allResumedMs'),
  },
  {
    what: '… whose first attempts are spread over',
    sense: 'min',
    limit: 50,
    unit: 'ms',
    figure: (figures) => figures.of('storm', 'ours-zlib', 'spreadMs'),
  },
  {
    what: 'heartbeats late at full speed, plain, at worst',
    sense: 'max',
    limit: 5,
    unit: '% of the interval',
    figure: (figures) => figures.of('heartbeat', 'ours-plain', 'mostLatePercent'),
  },
  {
    what: 'heartbeats late at full speed, zlib-stream, at worst',
    sense: 'max',
    limit: 5,
    unit: '% of the interval',
    figure: (figures) => figures.of('heartbeat', 'ours-zlib', 'mostLatePercent'),
  },
];

export const evaluateTargets = (figures: Figures, targets: readonly Target[] = TARGETS): Verdict[] =>
  targets.map((target) => {
    const figure = target.figure(figures);
    if (figure === null) return { target, figure, missedBy: null };
    const excess = target.sense === 'max' ? figure.median - target.limit : target.limit - figure.median;
    return { target, figure, missedBy: Math.max(0, excess) };
  });
