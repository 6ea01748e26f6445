/** All shards under observation, and what is new of them since the pages were last told. */
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../clock.ts';
import type { Dispatch } from '../protocol/packets.ts';
import type { InspectedShard } from '../shard/inspected-shard.ts';
import type { IdentifyReport, LogEntry, ShardSummary } from './messages.ts';
import { Probe } from './probe.ts';
import type { Entry } from './probe.ts';
import { Ring } from './ring.ts';

const KEPT_LOG = { maxRows: 2_000, maxBytes: 512 * 1024 } as const;
/** Counters are read so often; a change of state is told at once. */
const MEASURE_EVERY_MS = 250;
/** Rows of one tick: more than anybody reads would only fill the memory of a page that can't keep up. */
const MOST_DETAILS = 500;

const sizeOf = (entry: LogEntry): number => 64 + 2 * entry.text.length;

export class Fleet {
  readonly #clock: Clock;
  readonly #redact: ((dispatch: Dispatch) => unknown) | null;
  readonly #probes = new Map<string, Probe>();
  readonly #log = new Ring<LogEntry>({ ...KEPT_LOG, sizeOf });
  readonly #told = new Map<string, ShardSummary>();
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

  /** Shows a shard until the function it gives back is called. */
  add(shard: InspectedShard): () => void {
    const key = this.#keyFor(shard);
    const probe = new Probe(key, shard, {
      now: () => this.#clock.now(),
      log: (entry) => this.#take(key, entry),
      logDetail: (entry) => this.#takeDetail(key, entry),
      redact: this.#redact,
    });
    this.#probes.get(key)?.close();
    this.#probes.set(key, probe);
    return () => {
      if (this.#probes.get(key) !== probe) return;
      probe.close();
      this.#probes.delete(key);
      this.#told.delete(key);
      if (this.#isWatched) this.#gone.push(key);
    };
  }

  probe(key: string): Probe | undefined {
    return this.#probes.get(key);
  }

  get summaries(): ShardSummary[] {
    return [...this.#probes.values()].map(({ summary }) => summary);
  }

  get log(): LogEntry[] {
    return this.#log.toArray();
  }

  /** All shards of a fleet share one gate: any of them can tell. */
  get identify(): IdentifyReport | null {
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
  collect(): { shards: ShardSummary[]; gone: string[]; log: LogEntry[]; details: ReadonlyMap<string, readonly LogEntry[]> } {
    const shards = this.#changedSummaries();
    const collected = { shards, gone: this.#gone, log: this.#freshLog, details: this.#details };
    this.#gone = [];
    this.#freshLog = [];
    this.#details = new Map();
    return collected;
  }

  close(): void {
    for (const probe of this.#probes.values()) probe.close();
    this.#probes.clear();
  }

  #changedSummaries(): ShardSummary[] {
    const now = this.#clock.now();
    const isDue = now - this.#measuredAt >= MEASURE_EVERY_MS;
    if (isDue) this.#measuredAt = now;
    const changed: ShardSummary[] = [];
    for (const probe of isDue ? this.#probes.values() : [...this.#changed].flatMap((key) => this.#probes.get(key) ?? [])) {
      if (isDue) probe.measure();
      const { summary } = probe;
      if (isDeepStrictEqual(summary, this.#told.get(probe.key))) continue;
      this.#told.set(probe.key, summary);
      changed.push(summary);
    }
    this.#changed.clear();
    return changed;
  }

  /** Its id; with a number behind it where a shard of that id lives already. One that has ended gives up its place. */
  #keyFor({ shardId }: InspectedShard): string {
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
