/** Explains a recording: reads its records once, cuts out what went wrong, names the causes and finds patterns. */
import type { RecordedLine } from '../format/index.ts';
import { incidentsOf } from './incidents.ts';
import { PATTERN_RULES } from './patterns/index.ts';
import { runIncidentsOf } from './run-incidents.ts';
import { RunTimeline } from './run-timeline.ts';
import type { Incident, Story } from './story.ts';
import { summaryOf } from './summary.ts';

/** A run that has recorded nothing for so long does not run any more: heartbeats come more often. */
const OVER_AFTER_MS = 180_000;

export interface ExplainOptions {
  /** When the recording is read, in ms since the epoch. */
  readonly now: number;
  /** Incidents that ended before are left out. */
  readonly since?: number | undefined;
  /** Incidents of other shards are left out. */
  readonly shard?: number | undefined;
  /** What the reader reported. */
  readonly problems?: readonly string[];
}

/** Resolves with the story of a recording. @throws what the reader throws */
export async function explain(lines: AsyncIterable<RecordedLine>, options: ExplainOptions): Promise<Story> {
  const runs = await timelinesOf(lines);
  const episodes = runs.flatMap((run) => run.episodes);
  const ofRuns = runs.flatMap((run) =>
    runIncidentsOf(run, runs, run.endOf(options.now - run.lastAt > OVER_AFTER_MS || hasSuccessor(run, runs))),
  );
  const { since = -Infinity, shard } = options;
  const incidents = [...incidentsOf(episodes), ...ofRuns]
    .toSorted((a, b) => a.startAt - b.startAt)
    .map((incident, index): Incident => ({ number: index + 1, ...incident }))
    .filter(
      ({ endAt, shards }) => endAt >= since && (shard === undefined || shards.length === 0 || shards.includes(shard)),
    );
  const patterns = PATTERN_RULES.flatMap((rule) => rule({ runs, episodes, incidents }) ?? []);
  return { summary: summaryOf(runs, incidents), patterns, incidents, problems: options.problems ?? [] };
}

/** Whether another run began after the last record of this one. */
const hasSuccessor = (run: RunTimeline, runs: readonly RunTimeline[]): boolean =>
  runs.some((other) => other !== run && other.startAt > run.lastAt);

async function timelinesOf(lines: AsyncIterable<RecordedLine>): Promise<RunTimeline[]> {
  const runs = new Map<string, RunTimeline>();
  for await (const { run, record } of lines) {
    let timeline = runs.get(run);
    if (timeline === undefined) {
      timeline = new RunTimeline(run, record.at);
      runs.set(run, timeline);
    }
    timeline.add(record);
  }
  for (const run of runs.values()) run.finish();
  return [...runs.values()];
}
