/** Holds the probes of all shards and managers, and collects their updates for the open pages. */
import { util } from '../node-modules.ts';
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
/** Up to this many shards are read at each measurement, and always the shards that pages show. */
const SMALL_FLEET = 250;
/** A larger fleet is read at every fourth measurement: all at once, because each message costs more than a shard. */
const LARGE_FLEET_EVERY = 4;
/** With more shards, each has its turn less often. */
const MAX_MEASURED_AT_ONCE = 1_000;
/** Of a larger fleet, a shard in which nothing has happened is read every fourth time: most of the cost is to look. */
const QUIET_EVERY = 4;
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
  /** Called when there is something to collect that pages should see soon. Counters that have changed are not. */
  onNews: () => void = () => undefined;
  readonly #probes = new Map<string, ShardProbe>();
  readonly #managers = new Map<string, ManagerProbe>();
  readonly #log = new RingBuffer<LogEntry>({ ...LOG_LIMITS, sizeOf });
  readonly #lastSentShards = new Map<string, ShardSummary>();
  readonly #lastSentManagers = new Map<string, ManagerSummary>();
  #newEntries: LogEntry[] = [];
  #details = new Map<string, LogEntry[]>();
  #removed: string[] = [];
  /** Keys whose state has changed since the last tick. */
  #changed = new Set<string>();
  #lastEntryId = 0;
  #measurements = 0;
  /** How often all shards have had their turn. */
  #round = 0;
  #identify: IdentifyReport | null = null;
  /** The number of shards before the next that has its turn to be measured. */
  #turn = 0;
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
    this.#tellNews();
    // The pages do not know yet that the shard under this key was removed, so they need not learn it.
    this.#removed = this.#removed.filter((other) => other !== key);
    if (previous !== undefined) this.onReplaced(key);
    const remove = (): void => {
      if (this.#probes.get(key) !== probe) return;
      probe.close();
      this.#probes.delete(key);
      this.#lastSentShards.delete(key);
      if (this.#isCollecting) this.#removed.push(key);
      this.#tellNews();
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

  /** The report of the last measurement. */
  get identify(): IdentifyReport | null {
    return this.#identify;
  }

  /** All shards of a manager share one gate, so the first report is the one of all. */
  #readIdentify(): IdentifyReport | null {
    for (const { identifyQueue } of this.#managers.values()) if (identifyQueue !== null) return identifyQueue;
    for (const { identifyQueue } of this.#probes.values()) if (identifyQueue !== null) return identifyQueue;
    return null;
  }

  /** Starts to collect updates. */
  startCollecting(): void {
    this.#isCollecting = true;
    this.#identify = this.#readIdentify();
    const now = this.#clock.now();
    for (const probe of this.#probes.values()) probe.measure(now);
  }

  /** Discards collected updates and collects no more. */
  stopCollecting(): void {
    this.#isCollecting = false;
    this.#newEntries = [];
    this.#details = new Map();
    this.#removed = [];
    this.#changed = new Set();
    this.#lastSentShards.clear();
    this.#lastSentManagers.clear();
  }

  /**
   * Returns the updates since the last call.
   * @param selected - the keys of what pages show in detail
   * @param isMeasuring - whether to read the counters of shards: no event says that they have changed
   */
  collect(selected: ReadonlySet<string>, isMeasuring: boolean): CollectedUpdates {
    const hasNews = this.#newEntries.length + this.#changed.size + this.#removed.length > 0;
    const isFleetDue = isMeasuring && this.#isFleetDue();
    const measured = isMeasuring ? this.#measure(isFleetDue ? [...this.#fleetInTurn(), ...selected] : selected) : [];
    const shards = this.#changedSummaries(measured);
    if (isFleetDue || hasNews) this.#identify = this.#readIdentify();
    for (const manager of this.#managers.values()) manager.pollGroups();
    // A manager counts its shards for its summary.
    const managers = isFleetDue || hasNews ? this.managers.flatMap((summary) => this.#changeOf(summary) ?? []) : [];
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

  #isFleetDue(): boolean {
    this.#measurements += 1;
    return this.#probes.size <= SMALL_FLEET || this.#measurements % LARGE_FLEET_EVERY === 0;
  }

  /** Returns the keys of the shards whose turn it is. */
  #fleetInTurn(): Iterable<string> {
    if (this.#probes.size <= SMALL_FLEET) return this.#probes.keys();
    if (this.#turn >= this.#probes.size) {
      this.#turn = 0;
      this.#round += 1;
    }
    const from = this.#turn;
    this.#turn += MAX_MEASURED_AT_ONCE;
    const keys: string[] = [];
    let index = 0;
    for (const [key, { isQuiet }] of this.#probes) {
      const isInTurn = index >= from && index < this.#turn;
      if (isInTurn && (!isQuiet || (index + this.#round) % QUIET_EVERY === 0)) keys.push(key);
      index += 1;
    }
    return keys;
  }

  #measure(keys: Iterable<string>): Iterable<string> {
    const now = this.#clock.now();
    for (const key of keys) this.#probes.get(key)?.measure(now);
    return keys;
  }

  #changedSummaries(measured: Iterable<string>): ShardSummary[] {
    const changed: ShardSummary[] = [];
    for (const key of new Set([...this.#changed, ...measured])) {
      const probe = this.#probes.get(key);
      const before = this.#lastSentShards.get(key);
      if (probe === undefined || (before !== undefined && probe.isStill(before))) continue;
      const { summary } = probe;
      this.#lastSentShards.set(key, summary);
      changed.push(summary);
    }
    this.#changed.clear();
    return changed;
  }

  /** Returns what pages must learn of a manager; `null` if nothing. A cluster may be large, so only a changed one is sent. */
  #changeOf(summary: ManagerSummary): ManagerSummary | null {
    const before = this.#lastSentManagers.get(summary.key);
    if (util.isDeepStrictEqual(summary, before)) return null;
    this.#lastSentManagers.set(summary.key, summary);
    const { cluster, ...rest } = summary;
    return cluster === undefined || before?.cluster === cluster ? rest : summary;
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
    this.#tellNews();
  }

  #appendDetail(key: string, entry: NewLogEntry): void {
    const entries = this.#details.get(key) ?? [];
    if (entries.length >= MAX_DETAILS_PER_TICK) return;
    entries.push(this.#toLogEntry(key, entry));
    this.#details.set(key, entries);
    this.#tellNews();
  }

  #tellNews(): void {
    if (this.#isCollecting) this.onNews();
  }

  #toLogEntry(key: string, entry: NewLogEntry): LogEntry {
    this.#lastEntryId += 1;
    // The text may come from the gateway, as the reason of a close frame or the name of an event.
    return { id: this.#lastEntryId, shard: key, ...entry, text: printable(entry.text.slice(0, MAX_TEXT_LENGTH)) };
  }
}
