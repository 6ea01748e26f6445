/** Follows one shard of one run through its records, and cuts out the episodes in which it was not ready. */
import type { RecordFields, RecordOf, RecordingRecord } from '../format/index.ts';
import type { Episode, EpisodeEnd, EpisodeRecord } from './episode.ts';
import { SequenceCheck } from './sequence-check.ts';

/** Faults are recorded beside the change of state that they belong to, before or after it. */
const SAME_MOMENT_MS = 100;
/** An outage of a day has thousands of attempts; the first tell its story. */
const MAX_RECORDS = 2_000;
const STOPPED: ReadonlySet<string> = new Set(['disconnected', 'failed']);

export interface ShardTotals {
  readyMs: number;
  offlineMs: number;
  readonly sequences: SequenceCheck;
}

export class ShardTimeline {
  readonly run: string;
  readonly shard: number;
  readonly episodes: Episode[] = [];
  readonly totals: ShardTotals = { readyMs: 0, offlineMs: 0, sequences: new SequenceCheck() };
  /** Ranges of time in which the shard was ready. */
  readonly readyRanges: { readonly from: number; to: number | null }[] = [];
  #state: string;
  #stateSince: number;
  #readySince: number | null = null;
  #options: RecordFields<'shard'>['options'] = null;
  #heartbeatIntervalMs: number | null = null;
  #lastDispatchAt: number | null = null;
  #episode: Episode | null = null;
  /** Records of the last moments before an episode. */
  #recent: EpisodeRecord[] = [];

  constructor(run: string, shard: number, state: string, at: number) {
    this.run = run;
    this.shard = shard;
    this.#state = state;
    this.#stateSince = at;
    if (state === 'ready') this.#startReady(at);
  }

  add(record: RecordingRecord): void {
    if (record.kind === 'header') return;
    if (record.kind === 'dispatches') {
      this.#lastDispatchAt = record.at;
      this.totals.sequences.addDispatches(record);
      return;
    }
    if (record.kind === 'frame') this.totals.sequences.addFrame(record);
    if (record.kind === 'shard') ({ options: this.#options } = record);
    if (record.kind === 'hello') this.#heartbeatIntervalMs = record.heartbeatIntervalMs;
    if (record.kind === 'state') this.#onState(record);
    if (this.#episode === null) this.#remember(record);
    else this.#collect(this.#episode, record);
  }

  /** The recording of the run ends here. */
  finish(at: number): void {
    this.#countState(at);
    if (this.#state === 'ready') this.#endReady(at);
    if (this.#episode !== null) this.#endEpisode('open', at);
  }

  #onState({ at, to }: RecordOf<'state'>): void {
    const from = this.#state;
    this.#countState(at);
    this.#state = to;
    if (from === 'ready') this.#endReady(at);
    if (to === 'ready') this.#onReady(at);
    // A shard that is ready and is told to disconnect has no incident.
    else if (this.#episode === null && to !== 'disconnecting' && !STOPPED.has(to)) this.#begin(from === 'ready', at);
    else if (this.#episode === null && to === 'failed') this.#begin(from === 'ready', at);
    if (this.#episode === null) return;
    if (to === 'zombie') this.#episode.isZombie = true;
    if (to === 'connecting') this.#episode.attempts += 1;
    if (to === 'failed') this.#endEpisode('failed', at);
    if (to === 'disconnected') this.#endEpisode('stopped', at);
  }

  #countState(at: number): void {
    const ms = Math.max(0, at - this.#stateSince);
    if (this.#state === 'ready') this.totals.readyMs += ms;
    else if (!STOPPED.has(this.#state)) this.totals.offlineMs += ms;
    this.#stateSince = at;
  }

  #startReady(at: number): void {
    this.#readySince = at;
    this.readyRanges.push({ from: at, to: null });
  }

  #onReady(at: number): void {
    this.#startReady(at);
    if (this.#episode !== null) this.#endEpisode('newSession', at);
  }

  #endReady(at: number): void {
    const range = this.readyRanges.at(-1);
    if (range !== undefined) range.to = at;
  }

  #begin(wasReady: boolean, at: number): void {
    this.#episode = {
      run: this.run,
      shard: this.shard,
      wasReady,
      startAt: at,
      endAt: at,
      end: 'open',
      readyForMs: wasReady && this.#readySince !== null ? at - this.#readySince : null,
      heartbeatIntervalMs: this.#heartbeatIntervalMs,
      options: this.#options,
      isZombie: false,
      losses: [],
      faults: [],
      failure: null,
      isResumeRefused: false,
      attempts: 0,
      identifies: 0,
      replayed: 0,
      lastDispatchAt: this.#lastDispatchAt,
      lag: null,
      records: [],
    };
    this.episodes.push(this.#episode);
    for (const record of this.#recent) if (at - record.at <= SAME_MOMENT_MS) this.#collect(this.#episode, record);
    this.#recent = [];
  }

  #endEpisode(end: EpisodeEnd, at: number): void {
    const episode = this.#episode;
    if (episode === null) return;
    episode.end = end;
    episode.endAt = at;
    this.#episode = null;
  }

  /** What belongs to the last episode follows its end: RESUMED, the failure, and the loss of a stop. */
  #remember(record: EpisodeRecord): void {
    this.#recent.push(record);
    if (this.#recent.length > 20) this.#recent.shift();
    const last = this.episodes.at(-1);
    if (last === undefined || record.at - last.endAt > SAME_MOMENT_MS) return;
    last.records.push(record);
    if (record.kind === 'failed') last.failure = record;
    if (record.kind === 'resumed') {
      last.replayed = record.replayed;
      if (last.end === 'newSession') last.end = 'resumed';
    }
    if (record.kind === 'disconnected' && !record.willReconnect) last.losses.push({ ...record, during: this.#state });
  }

  #collect(episode: Episode, record: EpisodeRecord): void {
    if (episode.records.length < MAX_RECORDS) episode.records.push(record);
    if (record.kind === 'fault') episode.faults.push(record);
    if (record.kind === 'failed') episode.failure = record;
    if (record.kind === 'identify' && record.event === 'sent') episode.identifies += 1;
    if (record.kind !== 'disconnected') return;
    const during = lastStateBefore(episode);
    episode.losses.push({ ...record, during });
    if (during === 'resuming' && !record.willResume) episode.isResumeRefused = true;
  }
}

/** The state that the last change left, which is the one that the connection was lost in. */
const lastStateBefore = ({ records }: Episode): string => {
  const change = records.findLast((record) => record.kind === 'state');
  return change?.from ?? 'connecting';
};
