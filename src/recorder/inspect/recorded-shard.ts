/** One shard of a recording over time: what the page shows of it at any time. */
import { activeStatesFromFlat, areActiveIn } from '../../shard/machine-steps.ts';
import type { Heartbeat, Mark, ShardDetail, ShardSummary, StateChange } from '../../inspect/messages.ts';
import { RingBuffer } from '../../inspect/page/model/ring-buffer.ts';
import { isShardState } from '../../inspect/page/model/states.ts';
import type { RecordingHeader, RecordingRecord } from '../format/index.ts';
import { DispatchBins } from './dispatch-bins.ts';
import { lastUntil, newestUntil } from './until.ts';

/** Of each kind, the newest are kept: about a month of heartbeats. */
const MAX_ROWS = 60_000;
/** A page draws no more of them. */
const MAX_SENT = 2_000;

/** What a header or the first record of a shard says. */
export type ShardFacts = Omit<RecordingHeader['shards'][number], 'shard'>;

interface ActiveChange {
  readonly at: number;
  readonly active: readonly string[];
}

export class RecordedShard {
  readonly key: string;
  readonly shardId: number;
  #shardCount = 0;
  #worker: number | null = null;
  /** A manager takes shards out of service when it reshards. */
  readonly #service = new RingBuffer<{ at: number; isServed: boolean }>({ maxRows: MAX_ROWS });
  readonly #states = new RingBuffer<StateChange>({ maxRows: MAX_ROWS });
  readonly #active = new RingBuffer<ActiveChange>({ maxRows: MAX_ROWS });
  readonly #marks = new RingBuffer<Mark>({ maxRows: MAX_ROWS });
  readonly #heartbeats = new RingBuffer<Heartbeat>({ maxRows: MAX_ROWS });
  readonly #pending = new RingBuffer<{ at: number; pendingSends: number }>({ maxRows: MAX_ROWS });
  readonly #dispatches: DispatchBins;

  constructor(key: string, shardId: number, from: number) {
    this.key = key;
    this.shardId = shardId;
    this.#dispatches = new DispatchBins(from);
  }

  /** The states active after the newest record. */
  get active(): readonly string[] | null {
    return this.#active.at(-1)?.active ?? null;
  }

  /** Records what a header or the first record of the shard says. */
  begin({ at, shardCount, state, active, worker }: ShardFacts & { readonly at: number }): void {
    this.#shardCount = shardCount;
    this.#worker = worker;
    this.#service.push({ at, isServed: true });
    this.#setState(at, state, active);
  }

  /** The process of the shard has ended. */
  end(at: number): void {
    if (this.#states.at(-1)?.state === 'failed') return;
    this.#setState(at, 'disconnected', activeStatesFromFlat('disconnected'));
  }

  add(record: RecordingRecord): void {
    const { at } = record;
    if (record.kind === 'shard') this.begin(record);
    else if (record.kind === 'shardRemoved') this.#service.push({ at, isServed: false });
    else if (record.kind === 'state') this.#setState(at, record.to, null);
    else if (record.kind === 'step') this.#setActive(at, record.active);
    else if (record.kind === 'heartbeat') this.#heartbeats.push({ at, latencyMs: record.latencyMs });
    else if (record.kind === 'disconnected') this.#mark(at, 'closed', String(record.code ?? 'no code'));
    else if (record.kind === 'fault' || record.kind === 'failed') this.#mark(at, record.kind, record.code);
    else if (record.kind === 'dispatches') this.#dispatches.add(at, record.count, record.lastS);
    else if (record.kind === 'backPressure') this.#pending.push({ at, pendingSends: record.pendingSends });
  }

  /** Returns the cell of the grid at a time; `null` when the shard was not in service. */
  summaryAt(at: number): ShardSummary | null {
    const state = lastUntil(this.#states, at);
    if (state === null || lastUntil(this.#service, at)?.isServed !== true) return null;
    const { sequence, at: lastDispatchAt } = this.#dispatches.lastUntil(at);
    return {
      key: this.key,
      shardId: this.shardId,
      shardCount: this.#shardCount,
      state: state.state,
      since: state.at,
      pingMs: lastUntil(this.#heartbeats, at)?.latencyMs ?? null,
      dispatchesPerSecond: this.#dispatches.perSecondAt(at),
      sequence,
      lastDispatchAt,
      pendingSends: lastUntil(this.#pending, at)?.pendingSends ?? 0,
      sendWindow: null,
      ...(this.#worker === null ? {} : { worker: this.#worker }),
    };
  }

  detailAt(at: number): ShardDetail {
    const state = lastUntil(this.#states, at);
    const active = lastUntil(this.#active, at)?.active ?? activeStatesFromFlat(state?.state ?? 'disconnected');
    return {
      key: this.key,
      chart: 'shard',
      active,
      states: newestUntil(this.#states, at, MAX_SENT),
      marks: newestUntil(this.#marks, at, MAX_SENT),
      heartbeats: newestUntil(this.#heartbeats, at, MAX_SENT),
      rates: this.#dispatches.ratesUntil(at),
    };
  }

  #setState(at: number, state: string, active: readonly string[] | null): void {
    if (!isShardState(state)) return this.#setActive(at, active);
    if (this.#states.at(-1)?.state !== state) this.#states.push({ at, state });
    // A thread that died leaves no step behind, and a recording of an old version has none of its shards.
    const isLost = active === null && this.active !== null && !areActiveIn(this.active, state);
    this.#setActive(at, isLost ? activeStatesFromFlat(state) : active);
  }

  #setActive(at: number, active: readonly string[] | null): void {
    if (active !== null) this.#active.push({ at, active });
  }

  #mark(at: number, kind: Mark['kind'], text: string): void {
    this.#marks.push({ at, kind, text });
  }
}
