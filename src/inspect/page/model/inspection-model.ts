/** Holds everything received from an inspector, or read from a recording. The page shows one model at a time. */
import type {
  IdentifyReport,
  LogEntry,
  ManagerSummary,
  RateHistory,
  ShardDetail,
  ShardSummary,
  ToPage,
} from '../../messages.ts';
import { ShardHistory, historyFromLog } from './shard-history.ts';
import type { Recording } from './recording.ts';
import { DETAIL_KINDS } from './log-kinds.ts';
import { ShardRates } from './rate-history.ts';
import { RingBuffer } from './ring-buffer.ts';

/** Enough to look back for a while, and still less memory than a page with pictures needs. */
const LOG_LIMITS = { maxRows: 20_000, maxBytes: 24 * 1_024 * 1_024 };

const NO_RATES: RateHistory = { from: 0, binMs: 1, perSecond: [] };
const MEASURED_EVERY_MS = 1_000;

/** The size of an entry beside its strings. */
const ENTRY_BYTES = 160;

const sizeOf = ({ text, active = [], taken = [], payload }: LogEntry): number =>
  ENTRY_BYTES +
  2 * (text.length + active.join('').length + taken.join('').length) +
  (payload === undefined ? 0 : 2 * (JSON.stringify(payload)?.length ?? 0));

/** A message of an inspector that watches shards. */
export type LiveMessage = Exclude<ToPage, { type: 'moment' }>;

export class InspectionModel {
  version = '';
  identify: IdentifyReport | null = null;
  readonly managers = new Map<string, ManagerSummary>();
  readonly shards = new Map<string, ShardSummary>();
  readonly log = new RingBuffer<LogEntry>({ ...LOG_LIMITS, sizeOf });
  /** The key of the selected shard or manager. */
  selected: string | null = null;
  /** The history of the selection; `null` until the inspector has sent it. */
  history: ShardHistory | null = null;
  /** When a recording ends, which is its time now; `null` for a live inspector. */
  readonly endsAt: number | null;
  readonly #details: Recording['details'];
  /** By the key of the shard. */
  readonly #rates = new Map<string, ShardRates>();
  readonly #totalRates = new ShardRates();
  #ratesAt = -Infinity;
  #offset = 0;
  #hasDuplicateIds = false;

  constructor(recording?: Recording) {
    this.endsAt = recording?.exportedAt ?? null;
    this.#details = recording?.details ?? [];
    if (recording === undefined) return;
    this.version = recording.shardwright;
    this.identify = recording.identify;
    this.#updateSummaries(recording.managers ?? [], recording.shards, []);
    for (const entry of recording.log) this.log.push(entry);
    this.select(recording.details[0]?.key ?? recording.shards[0]?.key ?? null);
  }

  /** Converts the page's time to the inspector's. */
  now(pageMs: number): number {
    return this.endsAt ?? pageMs + this.#offset;
  }

  get summary(): ShardSummary | null {
    return this.selected === null ? null : (this.shards.get(this.selected) ?? null);
  }

  /** The selected manager; `null` when a shard is selected. */
  get manager(): ManagerSummary | null {
    return this.selected === null ? null : (this.managers.get(this.selected) ?? null);
  }

  /** Dispatches a second of the selected shard, or of all shards while a manager is selected. */
  get rates(): RateHistory {
    const known = this.history?.rates;
    if (known !== undefined) return known;
    const rates = this.manager === null ? this.#rates.get(this.selected ?? '') : this.#totalRates;
    return rates?.history ?? NO_RATES;
  }

  select(key: string | null): void {
    this.selected = key;
    this.history = null;
    if (this.endsAt === null || key === null) return;
    const detail = this.#details.find((known) => known.key === key);
    this.history =
      detail === undefined
        ? historyFromLog(key, this.managers.has(key) ? 'manager' : 'shard', this.log.toArray())
        : new ShardHistory(detail);
    // What the newest event took stays marked in the chart.
    const newest = this.log.toArray().findLast(({ shard, active }) => shard === key && active !== undefined);
    if (detail !== undefined && newest !== undefined) this.history.applyLog([newest]);
  }

  /** Applies a message that was received at `pageMs`. */
  applyMessage(message: LiveMessage, pageMs: number): void {
    this.#offset = message.now - pageMs;
    if (message.type === 'welcome') this.#applyWelcome(message);
    else if (message.type === 'batch') this.#applyBatch(message);
    else if (message.detail.key === this.selected) this.history = new ShardHistory(message.detail);
    // Rates are measured once a second, and a batch has only those that have changed.
    if (message.now - this.#ratesAt >= MEASURED_EVERY_MS) this.#addRates(message.now);
  }

  #applyWelcome({ version, managers, shards, log, identify }: Extract<ToPage, { type: 'welcome' }>): void {
    this.version = version;
    this.identify = identify;
    this.managers.clear();
    this.shards.clear();
    this.#updateSummaries(managers, shards, []);
    this.#mergeLog(log);
    if (!this.#hasSelected) this.selected = this.#defaultKey;
    this.history = null;
  }

  /** After a reconnect, the same inspector repeats entries the page may have. A new inspector numbers from 1 again. */
  #mergeLog(log: readonly LogEntry[]): void {
    const lastKnown = this.log.toArray().findLast(({ kind }) => !DETAIL_KINDS.has(kind));
    const isSame = lastKnown !== undefined && log.some(({ id, at }) => id === lastKnown.id && at === lastKnown.at);
    const newest = isSame ? (this.log.at(-1)?.id ?? 0) : 0;
    if (!isSame) this.log.clear();
    for (const entry of log) if (entry.id > newest) this.log.push(entry);
  }

  #applyBatch({
    managers,
    shards,
    removed,
    log,
    identify,
    states,
    marks,
    heartbeats,
  }: Extract<ToPage, { type: 'batch' }>): void {
    this.identify = identify;
    this.#updateSummaries(managers, shards, removed);
    for (const entry of log) this.log.push(entry);
    this.history?.add(states, marks, heartbeats);
    this.history?.applyLog(log);
    if (!this.#hasSelected) this.select(this.#defaultKey);
  }

  #addRates(now: number): void {
    this.#ratesAt = now;
    let total = 0;
    for (const { key, dispatchesPerSecond } of this.shards.values()) {
      const rates = this.#rates.get(key) ?? new ShardRates();
      this.#rates.set(key, rates);
      rates.add(now, dispatchesPerSecond);
      total += dispatchesPerSecond;
    }
    this.#totalRates.add(now, total);
  }

  get #hasSelected(): boolean {
    return this.selected !== null && (this.shards.has(this.selected) || this.managers.has(this.selected));
  }

  /** Selected until the user selects. A manager has no shards before its first connect(). */
  get #defaultKey(): string | null {
    return this.shards.keys().next().value ?? this.managers.keys().next().value ?? null;
  }

  /** Returns the id of a shard, or its key when two managers have shards with the same id. */
  nameOf(key: string): string {
    const shard = this.shards.get(key);
    return shard === undefined || this.#hasDuplicateIds ? key : String(shard.shardId);
  }

  /** Returns `shard 12` or `the manager`, for the middle of a sentence. */
  titleOf(key: string): string {
    return this.managers.has(key) ? `the ${key}` : `shard ${this.nameOf(key)}`;
  }

  toRecording(exportedAt: number): Recording {
    return {
      format: 'shardwright-recording',
      formatVersion: 1,
      shardwright: this.version,
      exportedAt,
      identify: this.identify,
      managers: [...this.managers.values()],
      shards: [...this.shards.values()],
      details: this.history === null ? [] : [{ ...this.history.toDetail(), ...knownRates(this.rates) }],
      log: this.log.toArray(),
    };
  }

  #updateSummaries(
    managers: readonly ManagerSummary[],
    shards: readonly ShardSummary[],
    removed: readonly string[],
  ): void {
    for (const manager of managers)
      this.managers.set(manager.key, { ...clusterOf(this.managers.get(manager.key)), ...manager });
    const before = this.shards.size;
    for (const shard of shards) this.shards.set(shard.key, shard);
    const removedKeys = removed.filter((key) => this.shards.delete(key));
    for (const key of removedKeys) this.#rates.delete(key);
    if (this.shards.size === before && removedKeys.length === 0) return;
    this.#hasDuplicateIds = new Set([...this.shards.values()].map(({ shardId }) => shardId)).size < this.shards.size;
  }
}

const knownRates = (rates: RateHistory): Pick<ShardDetail, 'rates'> => (rates.perSecond.length === 0 ? {} : { rates });

/** A batch has the cluster only when it has changed. */
const clusterOf = (manager: ManagerSummary | undefined): Pick<ManagerSummary, 'cluster'> =>
  manager?.cluster === undefined ? {} : { cluster: manager.cluster };
