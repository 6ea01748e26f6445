/** Incidents of the process: it was killed, it crashed, it exited, or its recording has a hole. */
import { formatCount, formatDuration } from '../../inspect/page/model/format.ts';
import type { UnnumberedIncident } from './incidents.ts';
import type { RunEnd, RunTimeline } from './run-timeline.ts';

interface RunEndText {
  readonly title: string;
  readonly what: (run: RunTimeline) => string;
  readonly advice: string;
}

/** Ends that are no incidents have no row. */
const RUN_ENDS: Readonly<Partial<Record<RunEnd, RunEndText>>> = {
  killed: {
    title: 'the process was killed',
    what: () =>
      'The recording stops without an end: the process was killed (kill -9, a signal without a handler, out of memory), or the machine went down.',
    advice:
      'Look into the log of the system for the out-of-memory killer, and at what stops your containers. Handle SIGTERM with disconnect().',
  },
  crashed: {
    title: 'the process crashed',
    what: ({ crash }) =>
      `The process ended with an uncaught ${crash?.name ?? 'error'}${typeof crash?.code === 'string' ? ` (${crash.code})` : ''}.`,
    advice: 'Look for the error in the log of your bot; it has the message and the stack, which a recording does not.',
  },
  exited: {
    title: 'the process exited',
    what: ({ end }) => `The process exited with code ${end?.exitCode ?? 'unknown'}.`,
    advice: 'Look at the end of the log of your bot.',
  },
};

/** The first time that a shard was ready in one of the runs after this one. */
function backAt(run: RunTimeline, runs: readonly RunTimeline[]): { at: number; isResumed: boolean } | null {
  const later = runs.filter(({ startAt }) => startAt >= run.lastAt).flatMap(({ episodes }) => episodes);
  const episode = later
    .filter(({ end }) => end === 'resumed' || end === 'newSession')
    .toSorted((a, b) => a.endAt - b.endAt)[0];
  return episode === undefined ? null : { at: episode.endAt, isResumed: episode.end === 'resumed' };
}

export function runIncidentsOf(run: RunTimeline, runs: readonly RunTimeline[], end: RunEnd): UnnumberedIncident[] {
  const text = RUN_ENDS[end];
  const holes = run.dropped.map((dropped): UnnumberedIncident => {
    const { at, forMs, records, reason } = dropped;
    return {
      cause: 'recordingHole',
      title: 'the disk was full or gone',
      shards: [],
      startAt: at - forMs,
      endAt: at,
      offlineMs: 0,
      what: `The recording could not be written for ${formatDuration(forMs)} (${reason}). ${formatCount(records, 'record')} are missing in it.`,
      did: 'The shards went on.',
      lost: 'nothing',
      lostText: 'No dispatches; only a part of this recording.',
      advice: 'Make room on the disk, or lower maxBytes of the recorder.',
      docs: 'docs/incidents.md',
      steps: [],
    };
  });
  if (text === undefined) return holes;
  const back = backAt(run, runs);
  return [
    ...holes,
    {
      cause: end,
      title: text.title,
      shards: [],
      startAt: run.lastAt,
      endAt: back?.at ?? run.lastAt,
      offlineMs: back === null ? 0 : back.at - run.lastAt,
      what: text.what(run),
      did:
        back === null
          ? 'No later process was ready within this recording.'
          : `A later process was ready after ${formatDuration(back.at - run.lastAt)}${back.isResumed ? ', and resumed the session' : ', with a new session'}.`,
      lost: back === null ? 'unknown' : back.isResumed ? 'nothing' : 'gap',
      lostText:
        back === null
          ? 'Not known: whether the session is resumed decides it, which is not in this recording.'
          : back.isResumed
            ? 'Nothing was lost: Discord sent again what came after the stored sequence.'
            : 'What happened in between: Discord does not send it again. Keep the session in a FileSessionStore to resume it.',
      advice: text.advice,
      docs: 'docs/incidents.md',
      steps: [],
    },
  ];
}
