/** Keeps the history of one shard, for its chart, its timeline and its latency plot. */
import type { Heartbeat, LogEntry, Mark, RateHistory, ShardDetail, StateChange } from '../../messages.ts';
import { isMarkKind } from './log-kinds.ts';
import { isShardState } from './states.ts';

/** The transitions in one message of the inspector. */
export interface TransitionBatch {
  /** Grows with each batch, so that the same transition can glow again. */
  readonly id: number;
  readonly taken: readonly string[];
  /** The transitions of the newest event, which stay marked. */
  readonly last: readonly string[];
}

/** Enough for half an hour of a shard that reconnects all the time. */
const MAX_ROWS = 4_000;

export class ShardHistory {
  readonly key: string;
  readonly chart: string;
  active: readonly string[];
  transitions: TransitionBatch = { id: 0, taken: [], last: [] };
  readonly states: StateChange[];
  readonly marks: Mark[];
  readonly heartbeats: Heartbeat[];
  /** Only of a recording. */
  readonly rates: RateHistory | undefined;

  constructor({ key, chart, active, states, marks, heartbeats, rates }: ShardDetail) {
    this.key = key;
    this.chart = chart;
    this.active = active;
    this.states = [...states];
    this.marks = [...marks];
    this.heartbeats = [...heartbeats];
    this.rates = rates;
  }

  add(states: readonly StateChange[], marks: readonly Mark[], heartbeats: readonly Heartbeat[]): void {
    append(this.states, states);
    append(this.marks, marks);
    append(this.heartbeats, heartbeats);
  }

  /** Applies the events of this shard among new log entries. */
  applyLog(log: readonly LogEntry[]): void {
    const events = log.filter(({ shard, active }) => shard === this.key && active !== undefined);
    const newest = events.at(-1);
    if (newest === undefined) return;
    this.active = newest.active ?? this.active;
    const taken = events.flatMap((event) => event.taken ?? []);
    if (taken.length > 0) this.transitions = { id: this.transitions.id + 1, taken, last: newest.taken ?? [] };
  }

  /** Returns the state at a time, or `null` before the first known state. */
  stateAt(at: number): StateChange['state'] | null {
    return this.states.findLast((change) => change.at <= at)?.state ?? null;
  }

  toDetail(): ShardDetail {
    const { key, chart, active, states, marks, heartbeats } = this;
    return { key, chart, active, states, marks, heartbeats };
  }
}

function append<T>(rows: T[], more: readonly T[]): void {
  rows.push(...more);
  if (rows.length > MAX_ROWS) rows.splice(0, rows.length - MAX_ROWS);
}

/** Builds the history from the log alone, for shards of a recording that were not selected. */
export function historyFromLog(key: string, chart: string, log: readonly LogEntry[]): ShardHistory {
  const own = log.filter(({ shard }) => shard === key);
  const states = own
    .filter(({ kind }) => kind === 'state')
    .flatMap(({ at, text }) => {
      const state = text.split(' → ').at(-1);
      return isShardState(state) ? [{ at, state }] : [];
    });
  const marks = own.flatMap(({ at, kind, text }) =>
    isMarkKind(kind) ? [{ at, kind, text: /^(?:no code|[\w-]+)/.exec(text)?.[0] ?? kind }] : [],
  );
  const active = own.findLast((entry) => entry.active !== undefined)?.active ?? [];
  return new ShardHistory({ key, chart, active, states, marks, heartbeats: [] });
}
