/** Follows one run of a process through its records: its shards, what was measured, and how it ended. */
import type { RecordFields, RecordOf, RecordingHeader, RecordingRecord } from '../format/index.ts';
import type { Episode } from './episode.ts';
import { ShardTimeline } from './shard-timeline.ts';

/** A shorter standstill does not make a heartbeat fail. */
const MIN_LAG_MS = 1_000;
/** This part of the heartbeat interval, if it is longer, does. */
const LAG_PART = 1 / 10;
const WINDOW_MS = 1_000;

/** How a run ended. `running`: it may still go on. */
export type RunEnd = 'closed' | 'exited' | 'crashed' | 'killed' | 'running';

export class RunTimeline {
  readonly run: string;
  readonly startAt: number;
  lastAt: number;
  process: RecordingHeader['process'] | null = null;
  readonly shards = new Map<number, ShardTimeline>();
  readonly lags: RecordOf<'lag'>[] = [];
  readonly lagged: RecordOf<'lagged'>[] = [];
  readonly dropped: RecordOf<'dropped'>[] = [];
  readonly identifiesAt: number[] = [];
  crash: RecordOf<'crash'> | null = null;
  end: RecordOf<'end'> | null = null;
  slowestAckMs: number | null = null;
  readonly sends = { sent: 0, waited: 0, longestWaitMs: 0 };
  readonly rateLimited = new Map<number, number>();
  readonly closedBy = { gateway: 0, shard: 0, transport: 0 };
  resumes = 0;
  replayed = 0;

  constructor(run: string, at: number) {
    this.run = run;
    this.startAt = at;
    this.lastAt = at;
  }

  add(record: RecordingRecord): void {
    this.lastAt = Math.max(this.lastAt, record.at);
    if (record.kind === 'header') return this.#addHeader(record);
    if (record.shard !== null) this.#shard(record.shard, record).add(record);
    this.#measure(record);
  }

  finish(): void {
    for (const shard of this.shards.values()) shard.finish(this.lastAt);
    for (const shard of this.shards.values()) for (const episode of shard.episodes) episode.lag = this.#lagOf(episode);
  }

  get episodes(): Episode[] {
    return [...this.shards.values()].flatMap(({ episodes }) => episodes);
  }

  /** @param isOver - whether the run can't go on any more, because much time has passed or another run has begun */
  endOf(isOver: boolean): RunEnd {
    if (this.crash !== null) return 'crashed';
    if (this.end === null) return isOver ? 'killed' : 'running';
    return this.end.reason === 'closed' || this.end.exitCode === 0 ? 'closed' : 'exited';
  }

  #addHeader({ process, shards, at }: RecordingHeader): void {
    this.process ??= process;
    // The first segment that is left tells the states; later ones repeat them.
    for (const { shard, state } of shards)
      if (!this.shards.has(shard)) this.shards.set(shard, new ShardTimeline(this.run, shard, state, at));
  }

  #shard(id: number, record: RecordingRecord): ShardTimeline {
    const known = this.shards.get(id);
    if (known !== undefined) return known;
    const state = record.kind === 'shard' ? record.state : record.kind === 'state' ? record.from : 'disconnected';
    const created = new ShardTimeline(this.run, id, state, record.at);
    this.shards.set(id, created);
    return created;
  }

  #measure(record: RecordingRecord): void {
    if (record.kind === 'heartbeat') this.slowestAckMs = Math.max(this.slowestAckMs ?? 0, record.latencyMs);
    if (record.kind === 'lag') this.lags.push(record);
    if (record.kind === 'lagged') this.lagged.push(record);
    if (record.kind === 'dropped') this.dropped.push(record);
    if (record.kind === 'crash') this.crash = record;
    if (record.kind === 'end') this.end = record;
    if (record.kind === 'disconnected') this.closedBy[record.initiator] += 1;
    if (record.kind === 'identify' && record.event === 'sent') this.identifiesAt.push(record.at);
    if (record.kind === 'rateLimited')
      this.rateLimited.set(record.opcode, (this.rateLimited.get(record.opcode) ?? 0) + 1);
    if (record.kind === 'resumed') {
      this.resumes += 1;
      this.replayed += record.replayed;
    }
    if (record.kind !== 'send' || record.event !== 'sent') return;
    this.sends.sent += 1;
    if (record.waitMs >= MIN_LAG_MS) this.sends.waited += 1;
    this.sends.longestWaitMs = Math.max(this.sends.longestWaitMs, record.waitMs);
  }

  /** Only a connection that died in silence can have died because the process stood still. */
  #lagOf(episode: Episode): RecordFields<'lag'> | null {
    const [loss] = episode.losses;
    if (!episode.wasReady || !(episode.isZombie || loss?.initiator === 'transport' || loss?.code === 4009)) return null;
    const intervalMs = episode.heartbeatIntervalMs ?? 0;
    const minMs = Math.max(MIN_LAG_MS, intervalMs * LAG_PART);
    const from = episode.startAt - intervalMs;
    const until = episode.startAt + WINDOW_MS;
    const isNear = ({ at, lateMs }: { at: number; lateMs: number }): boolean =>
      lateMs >= minMs && at >= from && at - lateMs <= until;
    const ofProcess = this.lags.filter(isNear).toSorted((a, b) => b.lateMs - a.lateMs)[0];
    if (ofProcess !== undefined) return ofProcess;
    // A shard in a worker thread has an event loop of its own.
    const own =
      episode.options === null ? this.lagged.find((lag) => lag.shard === episode.shard && isNear(lag)) : undefined;
    return own === undefined ? null : { lateMs: own.lateMs, cpuMs: own.lateMs };
  }
}
