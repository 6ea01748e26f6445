/** The manager of a recording over time. */
import type { ManagerSummary, ShardDetail, ShardSummary } from '../../inspect/messages.ts';
import { RingBuffer } from '../../inspect/page/model/ring-buffer.ts';
import { isManagerState } from '../../inspect/page/model/states.ts';
import type { ManagerState } from '../../../machines/index.ts';
import type { RecordingRecord } from '../format/index.ts';
import { lastUntil } from './until.ts';

const MAX_ROWS = 20_000;

export class RecordedManager {
  readonly key = 'manager';
  readonly #states = new RingBuffer<{ at: number; state: ManagerState }>({ maxRows: MAX_ROWS });
  readonly #active = new RingBuffer<{ at: number; active: readonly string[] }>({ maxRows: MAX_ROWS });

  /** The states active after the newest record. */
  get active(): readonly string[] | null {
    return this.#active.at(-1)?.active ?? null;
  }

  add(record: RecordingRecord): void {
    if (record.kind === 'header') this.#setState(record.at, record.managerState);
    else if (record.kind === 'managerState') this.#setState(record.at, record.to);
    else if (record.kind === 'managerStep' && record.active !== null)
      this.#active.push({ at: record.at, active: record.active });
  }

  /** `null` before there is a manager. */
  summaryAt(at: number, shards: readonly ShardSummary[]): ManagerSummary | null {
    const state = lastUntil(this.#states, at);
    if (state === null) return null;
    return {
      key: this.key,
      state: state.state,
      since: state.at,
      total: shards[0]?.shardCount ?? null,
      ready: shards.filter((shard) => shard.state === 'ready').length,
      shards: shards.length,
      resharding: null,
    };
  }

  detailAt(at: number): ShardDetail {
    const active = lastUntil(this.#active, at)?.active ?? [
      `manager.${lastUntil(this.#states, at)?.state ?? 'stopped'}`,
    ];
    return { key: this.key, chart: 'manager', active, states: [], marks: [], heartbeats: [] };
  }

  #setState(at: number, state: string | null): void {
    if (isManagerState(state) && this.#states.at(-1)?.state !== state) this.#states.push({ at, state });
  }
}
