/** A recording in memory, from which the page gets what was true at any time. Its size has a limit; the newest is kept. */
import type { LogEntry, RecordedSpan, ToPage } from '../../inspect/messages.ts';
import { DETAIL_KINDS } from '../../inspect/page/model/log-kinds.ts';
import { RingBuffer } from '../../inspect/page/model/ring-buffer.ts';
import type { RecordOf, RecordedLine } from '../format/index.ts';
import { DispatchBins } from './dispatch-bins.ts';
import { entryOf } from './log-entries.ts';
import { RecordedManager } from './recorded-manager.ts';
import { RecordedShard } from './recorded-shard.ts';
import type { RunSpan } from './run-spans.ts';
import { countUntil, lastUntil } from './until.ts';

const LOG_LIMITS = { maxRows: 300_000, maxBytes: 128 * 1_024 * 1_024 };
/** What one message to a page has. */
const MAX_SENT = 2_000;
/** A shard that is rarely heard must not make the search long. */
const MAX_SEARCHED = 50_000;

const sizeOf = ({ text, taken = [] }: LogEntry): number => 160 + 2 * (text.length + taken.join('').length);

export class RecordedHistory {
  readonly #runs: ReadonlyMap<string, RunSpan>;
  readonly #shards = new Map<string, RecordedShard>();
  /** The run that wrote last under a key. */
  readonly #owners = new Map<string, string>();
  readonly #manager = new RecordedManager();
  readonly #log = new RingBuffer<LogEntry>({ ...LOG_LIMITS, sizeOf });
  readonly #identify = new RingBuffer<RecordOf<'identifyQueue'>>({ maxRows: MAX_SEARCHED });
  readonly #dispatches: DispatchBins;
  readonly #from: number;
  #lastId = 0;
  /** The entries that were dropped to keep the limit. */
  leftOut = 0;
  version = '';

  constructor(runs: ReadonlyMap<string, RunSpan>, from: number) {
    this.#runs = runs;
    this.#from = from;
    this.#dispatches = new DispatchBins(from);
  }

  get dispatches(): RecordedSpan['dispatches'] {
    return { binMs: this.#dispatches.binMs, counts: this.#dispatches.counts };
  }

  add({ run, record }: RecordedLine): void {
    this.#manager.add(record);
    if (record.kind === 'header') return this.#addHeader(run, record);
    if (record.kind === 'identifyQueue') this.#identify.push(record);
    if (record.kind === 'dispatches') this.#dispatches.add(record.at, record.count, null);
    const shard = record.shard === null ? null : this.#shardOf(run, record.shard);
    shard?.add(record);
    const entry = entryOf(record, shard === null ? this.#manager.active : shard.active);
    if (entry === null) return;
    this.#lastId += 1;
    this.leftOut += this.#log.push({ id: this.#lastId, shard: shard?.key ?? this.#manager.key, ...entry });
  }

  /** Returns what the page shows of a time; `selected` is the key of the shard with details. */
  momentAt(at: number, selected: string | null): Omit<Extract<ToPage, { type: 'moment' }>, 'type' | 'span'> {
    const shards = [...this.#shards.values()].flatMap((shard) => shard.summaryAt(at) ?? []);
    const manager = this.#manager.summaryAt(at, shards);
    const known = this.#shards.get(selected ?? shards[0]?.key ?? '');
    const detail = known ?? (manager === null ? null : this.#manager);
    return {
      now: at,
      version: this.version,
      managers: manager === null ? [] : [manager],
      shards,
      log: this.#logUntil(at, detail?.key ?? null),
      identify: lastUntil(this.#identify, at),
      detail:
        detail === this.#manager
          ? { ...this.#manager.detailAt(at), rates: this.#dispatches.ratesUntil(at) }
          : (detail?.detailAt(at) ?? null),
    };
  }

  #addHeader(run: string, { at, segment, shards, process: { shardwright } }: RecordOf<'header'>): void {
    this.version = shardwright;
    // Later headers repeat what is known, unless the parts before are missing.
    for (const { shard, ...facts } of shards) {
      const isKnown = segment > 1 && this.#owners.get(this.#keyOf(run, shard)) === run;
      if (!isKnown) this.#shardOf(run, shard).begin({ at, ...facts });
    }
  }

  #shardOf(run: string, shardId: number): RecordedShard {
    const key = this.#keyOf(run, shardId);
    const shard = this.#shards.get(key) ?? new RecordedShard(key, shardId, this.#from);
    this.#shards.set(key, shard);
    const owner = this.#owners.get(key);
    if (owner !== undefined && owner !== run) shard.end(this.#runs.get(owner)?.to ?? this.#from);
    this.#owners.set(key, run);
    return shard;
  }

  /** Runs one after the other share a key. A run beside another has one of its own. */
  #keyOf(run: string, shardId: number): string {
    const begin = this.#runs.get(run)?.from ?? 0;
    for (let copy = 1; ; copy += 1) {
      const key = copy === 1 ? String(shardId) : `${shardId}#${copy}`;
      const owner = this.#owners.get(key);
      if (owner === undefined || owner === run || (this.#runs.get(owner)?.to ?? 0) <= begin) return key;
    }
  }

  /** As on a live page, events and heartbeats are those of the selected shard. */
  #logUntil(at: number, selected: string | null): LogEntry[] {
    const found: LogEntry[] = [];
    const end = countUntil(this.#log, at);
    for (let index = end - 1; index >= Math.max(0, end - MAX_SEARCHED) && found.length < MAX_SENT; index -= 1) {
      const entry = this.#log.at(index);
      if (entry !== undefined && (!DETAIL_KINDS.has(entry.kind) || entry.shard === selected)) found.push(entry);
    }
    return found.toReversed();
  }
}
