/** Two processes run the same shard with one token at the same time. */
import { formatCount, formatDuration } from '../../../inspect/page/model/format.ts';
import type { ShardTimeline } from '../shard-timeline.ts';
import { numbersOf } from './pattern-rule.ts';
import type { PatternRule } from './pattern-rule.ts';

/** The hand-over of a deployment takes less. */
const MIN_OVERLAP_MS = 2_000;

const ends = ({ to }: ShardTimeline['readyRanges'][number]): number => to ?? Infinity;

function overlapMs(a: ShardTimeline, b: ShardTimeline): number {
  return Math.max(
    0,
    ...a.readyRanges.flatMap((one) =>
      b.readyRanges.map((other) => Math.min(ends(one), ends(other)) - Math.max(one.from, other.from)),
    ),
  );
}

export const twoProcesses: PatternRule = ({ runs, incidents }) => {
  const inUse = numbersOf(incidents, 'sessionInUse');
  let longestMs = 0;
  const shards = new Set<number>();
  for (const [index, run] of runs.entries())
    for (const other of runs.slice(index + 1))
      for (const [id, shard] of run.shards) {
        const twin = other.shards.get(id);
        const ms = twin === undefined ? 0 : overlapMs(shard, twin);
        if (ms < MIN_OVERLAP_MS) continue;
        shards.add(id);
        longestMs = Math.max(longestMs, ms);
      }
  if (shards.size === 0 && inUse.length === 0) return null;
  return {
    id: 'twoProcesses',
    title: 'two processes run with one token',
    text:
      shards.size === 0
        ? 'A process found its session in use by another one.'
        : `Two processes were ready with the same ${formatCount(shards.size, 'shard')} at the same time, for ${formatDuration(longestMs)}: every event is handled twice, and both use session starts.`,
    advice: 'Stop one of them. Look for an old deployment, a second container, or a bot that runs on your own machine.',
    incidents: inUse,
  };
};
