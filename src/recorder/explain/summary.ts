/** The figures of a recording. */
import { causeOf } from './cause-rules.ts';
import { durationOf } from './episode.ts';
import { isIncident } from './incidents.ts';
import type { RunTimeline } from './run-timeline.ts';
import type { Incident, StorySummary } from './story.ts';

const sum = <Item>(items: readonly Item[], value: (item: Item) => number): number =>
  items.reduce((total, item) => total + value(item), 0);

const maxOrNull = (values: readonly number[]): number | null => (values.length === 0 ? null : Math.max(...values));

function countBy<Item>(items: readonly Item[], nameOf: (item: Item) => string, by: (item: Item) => number = () => 1) {
  const counts: Record<string, number> = {};
  for (const item of items) counts[nameOf(item)] = (counts[nameOf(item)] ?? 0) + by(item);
  return counts;
}

export function summaryOf(runs: readonly RunTimeline[], incidents: readonly Incident[]): StorySummary {
  const shards = runs.flatMap((run) => [...run.shards.values()]);
  const episodes = runs.flatMap((run) => run.episodes);
  const readyMs = sum(shards, ({ totals }) => totals.readyMs);
  const offlineMs = sum(shards, ({ totals }) => totals.offlineMs);
  const longest = episodes.filter(isIncident).toSorted((a, b) => durationOf(b) - durationOf(a))[0];
  const lags = runs.flatMap(({ lags: all }) => all.map(({ lateMs }) => lateMs));
  return {
    from: Math.min(...runs.map(({ startAt }) => startAt)),
    to: Math.max(...runs.map(({ lastAt }) => lastAt)),
    processes: runs.length,
    shards: new Set(shards.map(({ shard }) => shard)).size,
    versions: [
      ...new Set(
        runs.flatMap(({ process }) =>
          process === null ? [] : [`shardwright ${process.shardwright}, Node ${process.node}, ${process.platform}`],
        ),
      ),
    ],
    readyShare: readyMs + offlineMs === 0 ? 0 : readyMs / (readyMs + offlineMs),
    longestOffline: longest === undefined ? null : { shard: longest.shard, ms: durationOf(longest) },
    causes: countBy(incidents, ({ title }) => title),
    closedBy: {
      gateway: sum(runs, ({ closedBy }) => closedBy.gateway),
      shard: sum(runs, ({ closedBy }) => closedBy.shard),
      transport: sum(runs, ({ closedBy }) => closedBy.transport),
    },
    resumes: sum(runs, ({ resumes }) => resumes),
    replayed: sum(runs, ({ replayed }) => replayed),
    identifies: countBy(
      episodes.filter(({ identifies }) => identifies > 0),
      (episode) => (isIncident(episode) ? (causeOf(episode)?.title ?? 'not known') : 'the start of a process'),
      ({ identifies }) => identifies,
    ),
    dispatches: sum(shards, ({ totals }) => totals.sequences.count),
    missing: sum(shards, ({ totals }) => totals.sequences.missing),
    gapMs: sum(
      incidents.filter(({ lost }) => lost === 'gap'),
      ({ offlineMs: ms }) => ms,
    ),
    slowestAckMs: maxOrNull(runs.flatMap(({ slowestAckMs }) => slowestAckMs ?? [])),
    longestLagMs: maxOrNull(lags),
    sends: {
      sent: sum(runs, ({ sends }) => sends.sent),
      waited: sum(runs, ({ sends }) => sends.waited),
      longestWaitMs: Math.max(0, ...runs.map(({ sends }) => sends.longestWaitMs)),
    },
    rateLimited: countBy(
      runs.flatMap(({ rateLimited }) => [...rateLimited]),
      ([opcode]) => String(opcode),
      ([, count]) => count,
    ),
  };
}
