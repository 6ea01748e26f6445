/** Makes incidents of episodes: names the cause, says what the shard did, and joins what happened to many shards at once. */
import { formatCount, formatMs } from '../../inspect/page/model/format.ts';
import type { CauseRule } from './cause-rule.ts';
import { causeOf } from './cause-rules.ts';
import { durationOf } from './episode.ts';
import type { Episode, EpisodeEnd } from './episode.ts';
import { stepsOf } from './incident-steps.ts';
import type { Incident, LossVerdict } from './story.ts';

/** Shards that are hit by one thing notice it within this time of each other. */
const TOGETHER_MS = 5_000;

export type UnnumberedIncident = Omit<Incident, 'number'>;

/** A start without a problem is not an incident. */
export const isIncident = (episode: Episode): boolean =>
  episode.wasReady || episode.losses.length > 0 || episode.failure !== null || episode.faults.length > 0;

interface Group {
  readonly cause: CauseRule;
  readonly episodes: Episode[];
}

function groupsOf(episodes: readonly Episode[]): Group[] {
  const groups: Group[] = [];
  for (const episode of episodes.filter(isIncident).toSorted((a, b) => a.startAt - b.startAt)) {
    const cause = causeOf(episode);
    if (cause === undefined) continue;
    const group = groups.findLast(
      (other) =>
        other.cause === cause &&
        other.episodes.every(({ shard }) => shard !== episode.shard) &&
        episode.startAt - (other.episodes[0]?.startAt ?? 0) <= TOGETHER_MS,
    );
    if (group === undefined) groups.push({ cause, episodes: [episode] });
    else group.episodes.push(episode);
  }
  return groups;
}

const DID: Readonly<Record<EpisodeEnd, (episode: Episode) => string>> = {
  resumed: (episode) =>
    `resumed the session${attemptsText(episode)} after ${formatMs(durationOf(episode))}${episode.replayed > 0 ? `, and Discord sent ${formatCount(episode.replayed, 'dispatch')} again` : ''}`,
  newSession: (episode) => `started a new session${attemptsText(episode)} after ${formatMs(durationOf(episode))}`,
  failed: () => 'stopped for good',
  stopped: () => 'was disconnected before it was ready again',
  open: () => 'was not ready again when the recording ended',
};

const attemptsText = ({ attempts }: Episode): string => (attempts > 1 ? ` at attempt ${attempts}` : '');

function didText(episodes: readonly Episode[]): string {
  const longest = episodes.toSorted((a, b) => durationOf(b) - durationOf(a))[0];
  if (longest === undefined) return '';
  if (episodes.length === 1) return `The shard ${DID[longest.end](longest)}.`;
  const resumed = episodes.filter(({ end }) => end === 'resumed').length;
  const begun = episodes.filter(({ end }) => end === 'newSession').length;
  return `Of ${episodes.length} shards ${resumed} resumed, ${begun} started new sessions, and ${episodes.length - resumed - begun} did not come back. The slowest ${DID[longest.end](longest)}.`;
}

/** A session that ends while its connection works has delivered everything that Discord had sent. */
const hadEverything = (cause: CauseRule, { losses }: Episode): boolean =>
  cause.id === 'sessionInvalidated' && losses.length === 1;

const VERDICTS: Readonly<Record<EpisodeEnd, LossVerdict>> = {
  resumed: 'nothing',
  newSession: 'gap',
  failed: 'unknown',
  stopped: 'unknown',
  open: 'unknown',
};

function verdictOf(cause: CauseRule, episodes: readonly Episode[]): LossVerdict {
  const verdicts = episodes.map((episode) =>
    hadEverything(cause, episode) ||
    (episode.end === 'newSession' && !episode.wasReady && cause.id !== 'sessionExpired')
      ? 'nothing'
      : VERDICTS[episode.end],
  );
  return verdicts.includes('unknown') ? 'unknown' : verdicts.includes('gap') ? 'gap' : 'nothing';
}

function lostText(verdict: LossVerdict, episodes: readonly Episode[], offlineMs: number): string {
  if (verdict === 'unknown')
    return 'Not known: whether the session is resumed decides it, which is not in this recording.';
  if (verdict === 'gap')
    return `What happened in the ${formatMs(offlineMs)} before the new session: Discord does not send it again.`;
  return episodes.some(({ end, wasReady }) => end === 'newSession' && wasReady)
    ? `Nothing that Discord had sent was lost. For ${formatMs(offlineMs)} there was no session, and Discord does not send again what happened then.`
    : 'Nothing was lost.';
}

function incidentOf({ cause, episodes }: Group): UnnumberedIncident[] {
  const [first] = episodes;
  if (first === undefined) return [];
  const offlineMs = Math.max(...episodes.map(durationOf));
  const lost = verdictOf(cause, episodes);
  return [
    {
      cause: cause.id,
      title: cause.title,
      shards: episodes.map(({ shard }) => shard).toSorted((a, b) => a - b),
      startAt: first.startAt,
      endAt: Math.max(...episodes.map(({ endAt }) => endAt)),
      offlineMs,
      what: cause.what(first),
      did: didText(episodes),
      lost,
      lostText: lostText(lost, episodes, offlineMs),
      advice: cause.advice(first),
      docs: cause.docs,
      steps: stepsOf(episodes),
    },
  ];
}

export const incidentsOf = (episodes: readonly Episode[]): UnnumberedIncident[] =>
  groupsOf(episodes).flatMap(incidentOf);
