/** Holds the probes of all shards and managers, and collects their updates for the open pages. */
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../clock.ts';
import type { Dispatch } from '../protocol/packets.ts';
import type { InspectedManager } from '../manager/inspected-manager.ts';
import { printable } from '../protocol/printable.ts';
import { ManagerProbe } from './manager-probe.ts';
import type { ShardRegistration } from './manager-probe.ts';
import type { NewLogEntry, IdentifyReport, LogEntry, ManagerSummary, ShardSummary } from './messages.ts';
import { ShardProbe } from './shard-probe.ts';
import type { Inspectable } from './inspectable.ts';
import { RingBuffer } from './page/model/ring-buffer.ts';
import type { InspectedShardView } from './shard-view.ts';

const LOG_LIMITS = { maxRows: 2_000, maxBytes: 512 * 1024 } as const;
/** How often counters are read. A change of state is sent with the next tick. */
const MEASURE_EVERY_MS = 250;
/** A person can not read more rows, and they would only fill the memory of a page that does not keep up. */
const MAX_DETAILS_PER_TICK = 500;

const MAX_TEXT_LENGTH = 2_000;

const sizeOf = (entry: LogEntry): number => 64 + 2 * entry.text.length;

interface CollectedUpdates {
  readonly managers: readonly ManagerSummary[];
  readonly shards: readonly ShardSummary[];
  readonly removed: readonly string[];
  readonly log: readonly LogEntry[];
  readonly details: ReadonlyMap<string, readonly LogEntry[]>;
}

export class InspectionRegistry {
  readonly #clock: Clock;
  readonly #redact: ((dispatch: Dispatch) => unknown) | null;
  /** Called when another shard takes over a key that a page may have selected. */
  onReplaced: (key: string) => void = () => undefined;
  readonly #probes = new Map<string, ShardProbe>();
  readonly #managers = new Map<string, ManagerProbe>();
  readonly #log = new RingBuffer<LogEntry>({ ...LOG_LIMITS, sizeOf });
  readonly #lastSent = new Map<string, ShardSummary | ManagerSummary>();
  #newEntries: LogEntry[] = [];
  #details = new Map<string, LogEntry[]>();
  #removed: string[] = [];
  /** Keys whose state has changed since the last tick. */
  #changed = new Set<string>();
  #lastEntryId = 0;
  #measuredAt = 0;
  /** Whether a page is open: without one, updates are not collected. */
  #isCollecting = false;

  constructor(clock: Clock, redact: ((dispatch: Dispatch) => unknown) | null) {
    this.#clock = clock;
    this.#redact = redact;
  }

  /** Adds a shard. With `replacedKey`, it takes the place of the shard under that key. */
  addShard(shard: InspectedShardView, replacedKey?: string): ShardRegistration {
    const key = replacedKey ?? this.#keyFor(shard);
    const probe = new ShardProbe(key, shard, {
      now: () => this.#clock.now(),
      log: (entry) => this.#append(key, entry),
      logDetail: (entry) => this.#appendDetail(key, entry),
      redact: this.#redact,
    });
    const previous = this.#probes.get(key);
    previous?.close();
    this.#probes.set(key, probe);
    this.#changed.add(key);
    // The pages do not know yet that the shard under this key was removed, so they need not learn it.
    this.#removed = this.#removed.filter((other) => other !== key);
    if (previous !== undefined) this.onReplaced(key);
    const remove = (): void => {
      if (this.#probes.get(key) !== probe) return;
      probe.close();
      this.#probes.delete(key);
      this.#lastSent.delete(key);
      if (this.#isCollecting) this.#removed.push(key);
    };
    return { key, remove };
  }

  /** Adds a manager, which adds the shards it has in service. */
  addManager(manager: InspectedManager): void {
    const key = this.#managers.size === 0 ? 'manager' : `manager#${this.#managers.size + 1}`;
    const probe = new ManagerProbe(key, manager, {
      now: () => this.#clock.now(),
      log: (entry) => this.#append(key, entry),
      logDetail: (entry) => this.#appendDetail(key, entry),
      addShard: (shard, replacedKey) => this.addShard(shard, replacedKey),
    });
    this.#managers.set(key, probe);
  }

  find(key: string): Inspectable | undefined {
    return this.#probes.get(key) ?? this.#managers.get(key);
  }

  get managers(): ManagerSummary[] {
    return [...this.#managers.values()].map(({ summary }) => summary);
  }

  get summaries(): ShardSummary[] {
    return [...this.#probes.values()].map(({ summary }) => summary);
  }

  get log(): LogEntry[] {
    return this.#log.toArray();
  }

  /** All shards of a manager share one gate, so the first report is the one of all. */
  get identify(): IdentifyReport | null {
    for (const { identifyQueue } of this.#managers.values()) if (identifyQueue !== null) return identifyQueue;
    for (const { identifyQueue } of this.#probes.values()) if (identifyQueue !== null) return identifyQueue;
    return null;
  }

  /** Starts to collect updates. */
  startCollecting(): void {
    this.#isCollecting = true;
    for (const probe of this.#probes.values()) probe.measure();
    this.#measuredAt = this.#clock.now();
  }

  /** Discards collected updates and collects no more. */
  stopCollecting(): void {
    this.#isCollecting = false;
    this.#newEntries = [];
    this.#details = new Map();
    this.#removed = [];
    this.#changed = new Set();
    this.#lastSent.clear();
  }

  /** Returns the updates since the last call. */
  collect(): CollectedUpdates {
    const shards = this.#changedSummaries();
    const managers = this.managers.filter((summary) => this.#hasChanged(summary));
    const collected = { managers, shards, removed: this.#removed, log: this.#newEntries, details: this.#details };
    this.#removed = [];
    this.#newEntries = [];
    this.#details = new Map();
    return collected;
  }

  close(): void {
    for (const probe of this.#probes.values()) probe.close();
    for (const manager of this.#managers.values()) manager.close();
    this.#probes.clear();
    this.#managers.clear();
  }

  #changedSummaries(): ShardSummary[] {
    const now = this.#clock.now();
    const isDue = now - this.#measuredAt >= MEASURE_EVERY_MS;
    if (isDue) this.#measuredAt = now;
    const changed: ShardSummary[] = [];
    for (const probe of isDue
      ? this.#probes.values()
      : [...this.#changed].flatMap((key) => this.#probes.get(key) ?? [])) {
      if (isDue) probe.measure();
      const { summary } = probe;
      if (this.#hasChanged(summary)) changed.push(summary);
    }
    this.#changed.clear();
    return changed;
  }

  #hasChanged(summary: ShardSummary | ManagerSummary): boolean {
    if (isDeepStrictEqual(summary, this.#lastSent.get(summary.key))) return false;
    this.#lastSent.set(summary.key, summary);
    return true;
  }

  /** Returns the shard's id, with a suffix while another shard of that id runs. A shard that has ended is replaced. */
  #keyFor({ shardId }: InspectedShardView): string {
    let key = String(shardId);
    for (let copy = 2; this.#probes.get(key)?.hasEnded === false; copy += 1) key = `${shardId}#${copy}`;
    return key;
  }

  #append(key: string, entry: NewLogEntry): void {
    const logEntry = this.#toLogEntry(key, entry);
    this.#log.push(logEntry);
    if (!this.#isCollecting) return;
    this.#newEntries.push(logEntry);
    if (entry.kind === 'state') this.#changed.add(key);
  }

  #appendDetail(key: string, entry: NewLogEntry): void {
    const entries = this.#details.get(key) ?? [];
    if (entries.length >= MAX_DETAILS_PER_TICK) return;
    entries.push(this.#toLogEntry(key, entry));
    this.#details.set(key, entries);
  }

  #toLogEntry(key: string, entry: NewLogEntry): LogEntry {
    this.#lastEntryId += 1;
    // The text may come from the gateway, as the reason of a close frame or the name of an event.
    return { id: this.#lastEntryId, shard: key, ...entry, text: printable(entry.text.slice(0, MAX_TEXT_LENGTH)) };
  }
}
