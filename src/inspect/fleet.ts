/** All shards and managers under observation, and what is new of them since the pages were last told. */
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../clock.ts';
import type { Dispatch } from '../protocol/packets.ts';
import type { InspectedManager } from '../manager/inspected-manager.ts';
import { ManagerProbe } from './manager-probe.ts';
import type { Shown } from './manager-probe.ts';
import type { Entry, IdentifyReport, LogEntry, ManagerSummary, ShardSummary } from './messages.ts';
import { Probe } from './probe.ts';
import type { Subject } from './probe.ts';
import { Ring } from './ring.ts';
import type { ShownShard } from './shown-shard.ts';

const KEPT_LOG = { maxRows: 2_000, maxBytes: 512 * 1024 } as const;
/** Counters are read so often; a change of state is told at once. */
const MEASURE_EVERY_MS = 250;
/** Rows of one tick: more than anybody reads would only fill the memory of a page that can't keep up. */
const MOST_DETAILS = 500;

const sizeOf = (entry: LogEntry): number => 64 + 2 * entry.text.length;

interface Collected {
  readonly managers: readonly ManagerSummary[];
  readonly shards: readonly ShardSummary[];
  readonly gone: readonly string[];
  readonly log: readonly LogEntry[];
  readonly details: ReadonlyMap<string, readonly LogEntry[]>;
}

export class Fleet {
  readonly #clock: Clock;
  readonly #redact: ((dispatch: Dispatch) => unknown) | null;
  /** Told that another shard lives under a key that somebody may look at. */
  onReplaced: (key: string) => void = () => undefined;
  readonly #probes = new Map<string, Probe>();
  readonly #managers = new Map<string, ManagerProbe>();
  readonly #log = new Ring<LogEntry>({ ...KEPT_LOG, sizeOf });
  readonly #told = new Map<string, ShardSummary | ManagerSummary>();
  #freshLog: LogEntry[] = [];
  #details = new Map<string, LogEntry[]>();
  #gone: string[] = [];
  /** Keys whose state has changed since the last tick. */
  #changed = new Set<string>();
  #entries = 0;
  #measuredAt = 0;
  /** Nothing is collected for nobody. */
  #isWatched = false;

  constructor(clock: Clock, redact: ((dispatch: Dispatch) => unknown) | null) {
    this.#clock = clock;
    this.#redact = redact;
  }

  /** Shows a shard, in the place of another when there is a key, until it is removed. */
  add(shard: ShownShard, place?: string): Shown {
    const key = place ?? this.#keyFor(shard);
    const probe = new Probe(key, shard, {
      now: () => this.#clock.now(),
      log: (entry) => this.#take(key, entry),
      logDetail: (entry) => this.#takeDetail(key, entry),
      redact: this.#redact,
    });
    const before = this.#probes.get(key);
    before?.close();
    this.#probes.set(key, probe);
    this.#changed.add(key);
    // One that comes back before the pages were told that it went has not gone.
    this.#gone = this.#gone.filter((other) => other !== key);
    if (before !== undefined) this.onReplaced(key);
    const remove = (): void => {
      if (this.#probes.get(key) !== probe) return;
      probe.close();
      this.#probes.delete(key);
      this.#told.delete(key);
      if (this.#isWatched) this.#gone.push(key);
    };
    return { key, remove };
  }

  /** Shows a manager, with whatever shards it has in service. */
  addManager(manager: InspectedManager): void {
    const key = this.#managers.size === 0 ? 'manager' : `manager#${this.#managers.size + 1}`;
    const probe = new ManagerProbe(key, manager, {
      now: () => this.#clock.now(),
      log: (entry) => this.#take(key, entry),
      logDetail: (entry) => this.#takeDetail(key, entry),
      show: (shard, place) => this.add(shard, place),
    });
    this.#managers.set(key, probe);
  }

  subject(key: string): Subject | undefined {
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

  /** All shards of a fleet share one gate: any of them can tell. */
  get identify(): IdentifyReport | null {
    for (const { identifyQueue } of this.#managers.values()) if (identifyQueue !== null) return identifyQueue;
    for (const { identifyQueue } of this.#probes.values()) if (identifyQueue !== null) return identifyQueue;
    return null;
  }

  /** Begins to collect what is new. */
  open(): void {
    this.#isWatched = true;
    for (const probe of this.#probes.values()) probe.measure();
    this.#measuredAt = this.#clock.now();
  }

  /** Forgets what is new. */
  rest(): void {
    this.#isWatched = false;
    this.#freshLog = [];
    this.#details = new Map();
    this.#gone = [];
    this.#changed = new Set();
    this.#told.clear();
  }

  /** What is new since the last call. */
  collect(): Collected {
    const shards = this.#changedSummaries();
    const managers = this.managers.filter((summary) => this.#isNews(summary));
    const collected = { managers, shards, gone: this.#gone, log: this.#freshLog, details: this.#details };
    this.#gone = [];
    this.#freshLog = [];
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
    for (const probe of isDue ? this.#probes.values() : [...this.#changed].flatMap((key) => this.#probes.get(key) ?? [])) {
      if (isDue) probe.measure();
      const { summary } = probe;
      if (this.#isNews(summary)) changed.push(summary);
    }
    this.#changed.clear();
    return changed;
  }

  #isNews(summary: ShardSummary | ManagerSummary): boolean {
    if (isDeepStrictEqual(summary, this.#told.get(summary.key))) return false;
    this.#told.set(summary.key, summary);
    return true;
  }

  /** Its id; with a number behind it where a shard of that id lives already. One that has ended gives up its place. */
  #keyFor({ shardId }: ShownShard): string {
    let key = String(shardId);
    for (let copy = 2; this.#probes.get(key)?.isOver === false; copy += 1) key = `${shardId}#${copy}`;
    return key;
  }

  #take(key: string, entry: Entry): void {
    const signed = this.#sign(key, entry);
    this.#log.push(signed);
    if (!this.#isWatched) return;
    this.#freshLog.push(signed);
    if (entry.kind === 'state') this.#changed.add(key);
  }

  #takeDetail(key: string, entry: Entry): void {
    const entries = this.#details.get(key) ?? [];
    if (entries.length >= MOST_DETAILS) return;
    entries.push(this.#sign(key, entry));
    this.#details.set(key, entries);
  }

  #sign(key: string, entry: Entry): LogEntry {
    this.#entries += 1;
    return { id: this.#entries, shard: key, ...entry };
  }
}
