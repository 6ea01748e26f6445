/** What is known of one shard over time: what its chart, its timeline and its latency plot are drawn from. */
import type { Beat, LogEntry, Mark, ShardDetail, StateChange } from '../messages.ts';
import { isShardState } from './states.ts';

/** Edges taken together, in one message of the inspector. */
export interface Step {
  /** Grows with each step, so that the same edge can glow twice. */
  readonly number: number;
  readonly taken: readonly string[];
  /** Those of the newest event among them: they stay marked. */
  readonly last: readonly string[];
}

/** As much as half an hour of a shard that does badly. */
const MOST = 4_000;

const MARKS: ReadonlySet<string> = new Set<Mark['kind']>(['closed', 'fault', 'failed']);
const isMark = (kind: string): kind is Mark['kind'] => MARKS.has(kind);

export class History {
  readonly key: string;
  readonly chart: string;
  active: readonly string[];
  step: Step = { number: 0, taken: [], last: [] };
  readonly states: StateChange[];
  readonly marks: Mark[];
  readonly beats: Beat[];

  constructor({ key, chart, active, states, marks, beats }: ShardDetail) {
    this.key = key;
    this.chart = chart;
    this.active = active;
    this.states = [...states];
    this.marks = [...marks];
    this.beats = [...beats];
  }

  add(states: readonly StateChange[], marks: readonly Mark[], beats: readonly Beat[]): void {
    append(this.states, states);
    append(this.marks, marks);
    append(this.beats, beats);
  }

  /** Takes the events of this shard among some entries of the log. */
  walk(log: readonly LogEntry[]): void {
    const events = log.filter(({ shard, active }) => shard === this.key && active !== undefined);
    const newest = events.at(-1);
    if (newest === undefined) return;
    this.active = newest.active ?? this.active;
    const taken = events.flatMap((event) => event.taken ?? []);
    if (taken.length > 0) this.step = { number: this.step.number + 1, taken, last: newest.taken ?? [] };
  }

  /** The word for where it was; `null` before anything is known. */
  stateAt(at: number): StateChange['state'] | null {
    return this.states.findLast((change) => change.at <= at)?.state ?? null;
  }

  toDetail(): ShardDetail {
    const { key, chart, active, states, marks, beats } = this;
    return { key, chart, active, states, marks, beats };
  }
}

function append<T>(rows: T[], more: readonly T[]): void {
  rows.push(...more);
  if (rows.length > MOST) rows.splice(0, rows.length - MOST);
}

/** What a log alone tells of a shard, for recordings of shards that nobody had opened. */
export function historyFromLog(key: string, chart: string, log: readonly LogEntry[]): History {
  const own = log.filter(({ shard }) => shard === key);
  const states = own
    .filter(({ kind }) => kind === 'state')
    .flatMap(({ at, text }) => {
      const state = text.split(' → ').at(-1);
      return isShardState(state) ? [{ at, state }] : [];
    });
  const marks = own.flatMap(({ at, kind, text }) => (isMark(kind) ? [{ at, kind, text: /^(?:no code|[\w-]+)/.exec(text)?.[0] ?? kind }] : []));
  const active = own.findLast((entry) => entry.active !== undefined)?.active ?? [];
  return new History({ key, chart, active, states, marks, beats: [] });
}
