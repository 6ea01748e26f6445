/** Makes the script of a run from a recording: its faults, in their order and at their times. */
import { readRecording } from '../../src/recorder/format/index.ts';
import type { RecordOf, RecordedLine } from '../../src/recorder/format/index.ts';
import { MAX_SHARDS } from '../manager/manager-actions.ts';
import type { ScriptEvent } from '../script.ts';
import type { Setting } from '../setting.ts';
import type { RecordedFault } from './recorded-faults.ts';
import { ShardFaults } from './shard-faults.ts';

export interface RecordedScript {
  readonly script: readonly ScriptEvent[];
  /** What the recording decides. A seed decides the rest: the network, the compression, the limits. */
  readonly setting: Pick<
    Setting,
    'durationMs' | 'shards' | 'manager' | 'shouldReconnect' | 'budget' | 'heartbeatIntervalMs'
  >;
}

/** A recording is not trusted. */
const MAX_EVENTS = 20_000;
const MAX_DURATION_MS = 30 * 86_400_000;
const MIN_DURATION_MS = 60_000;
/**
 * The intervals of heartbeats that the simulated network can stand. A demo has shorter ones: its times are stretched by as
 * much, so that a fault that hit a shard between two heartbeats still does.
 */
const INTERVALS_MS = { min: 10_000, usual: 41_250, max: 60_000 } as const;
/** A process that used less of the time stood still. */
const BUSY_SHARE = 0.25;
const API_FAULTS: Readonly<Record<string, 'apiFails' | 'apiLimited'>> = {
  GATEWAY_INFO_FAILED: 'apiFails',
  RATE_LIMITED: 'apiLimited',
};
const API_FAULT_MS = 1_000;
const GUILDS = 12;
/** So much that no recording uses it up. */
const BUDGET = { total: 100_000, remaining: 100_000, resetAfterMs: 86_400_000 } as const;

interface Timed {
  readonly at: number;
  readonly shard: number | null;
  readonly what: RecordedFault | 'restart' | 'kill';
}

/** The records of all processes, one after the other. */
class RecordingReader {
  readonly #events: Timed[] = [];
  readonly #shards = new Map<string, { readonly shard: number; readonly faults: ShardFaults }>();
  readonly #runs = new Set<string>();
  readonly #ended = new Set<string>();
  #lastRun: string | null = null;
  #from = Infinity;
  #to = -Infinity;
  #hasManager = false;
  #intervalMs: number | null = null;

  add({ run, record }: RecordedLine): void {
    const { at, shard } = record;
    this.#from = Math.min(this.#from, at);
    this.#to = Math.max(this.#to, at);
    if (record.kind === 'header') this.#addHeader(run, record);
    if (record.kind === 'managerState') this.#hasManager = true;
    if (record.kind === 'hello') this.#intervalMs = record.heartbeatIntervalMs;
    if (record.kind === 'end') this.#ended.add(run);
    if (record.kind === 'lag') this.#addLag(record);
    if (shard === null) {
      const name = record.kind === 'fault' ? API_FAULTS[record.code] : undefined;
      if (name !== undefined) this.#events.push({ at, shard, what: { name, forMs: API_FAULT_MS } });
      return;
    }
    if (record.kind === 'shard') this.#addShard(run, shard, at, record.state);
    this.#shards.get(`${run} ${shard}`)?.faults.add(record);
  }

  finish(): RecordedScript {
    const known = [...new Set([...this.#shards.values()].map(({ shard }) => shard))].toSorted((a, b) => a - b);
    const count = Math.max(1, Math.min(known.length, MAX_SHARDS));
    const ofShards = [...this.#shards.values()].flatMap(({ shard, faults }) =>
      faults.finish().map(({ at, fault }): Timed => ({ at, shard, what: fault })),
    );
    const events = [...this.#events, ...ofShards].toSorted((a, b) => a.at - b.at).slice(0, MAX_EVENTS);
    const recorded = this.#intervalMs ?? INTERVALS_MS.usual;
    const heartbeatIntervalMs =
      recorded >= INTERVALS_MS.min && recorded <= INTERVALS_MS.max ? recorded : INTERVALS_MS.usual;
    const stretch = Math.max(1, heartbeatIntervalMs / Math.max(recorded, 1));
    const toMs = (ms: number): number => Math.min(Math.max(0, Math.round(ms * stretch)), MAX_DURATION_MS);
    let lastAt = -1;
    return {
      script: events.flatMap((event, index) => {
        // Events of the same moment would run in a random order.
        const at = Math.max(toMs(event.at - this.#from), lastAt + 1);
        lastAt = at;
        const shardIndex = event.shard === null ? 0 : known.indexOf(event.shard) % count;
        const { what } = event;
        const stretched =
          typeof what === 'object' && 'forMs' in what ? { ...what, forMs: Math.max(1, toMs(what.forMs)) } : what;
        return this.#scripted(stretched, { at, shardIndex, detailSeed: index }, count);
      }),
      setting: {
        durationMs: Math.max(MIN_DURATION_MS, toMs(this.#to - this.#from)),
        shards: count,
        manager: this.#hasManager ? { shards: 'auto', reserve: 0, guilds: GUILDS } : null,
        shouldReconnect: true,
        budget: BUDGET,
        heartbeatIntervalMs,
      },
    };
  }

  #scripted(
    what: Timed['what'],
    place: Pick<ScriptEvent, 'at' | 'shardIndex' | 'detailSeed'>,
    shards: number,
  ): ScriptEvent[] {
    if (typeof what !== 'string') return [{ ...place, kind: 'recorded', name: what.name, fault: what }];
    if (this.#hasManager) return [{ ...place, kind: 'action', name: what }];
    // A process with several shards ends with all of them, and a single shard knows no other end than a kill.
    return Array.from({ length: shards }, (_, shardIndex) => ({
      ...place,
      shardIndex,
      kind: 'action',
      name: 'restart',
    }));
  }

  #addHeader(run: string, { at, shards, managerState }: RecordOf<'header'>): void {
    if (managerState !== null) this.#hasManager = true;
    for (const { shard, state } of shards) this.#addShard(run, shard, at, state);
    if (this.#runs.has(run)) return;
    this.#runs.add(run);
    if (this.#lastRun !== null)
      this.#events.push({ at, shard: null, what: this.#ended.has(this.#lastRun) ? 'restart' : 'kill' });
    this.#lastRun = run;
  }

  #addShard(run: string, shard: number, at: number, state: string): void {
    const key = `${run} ${shard}`;
    if (!this.#shards.has(key)) this.#shards.set(key, { shard, faults: new ShardFaults(at, state) });
  }

  #addLag({ at, lateMs, cpuMs }: RecordOf<'lag'>): void {
    const name = cpuMs < lateMs * BUSY_SHARE ? 'suspendMachine' : 'sleep';
    this.#events.push({
      at: at - lateMs,
      shard: null,
      what: { name, forMs: Math.min(Math.max(0, lateMs), MAX_DURATION_MS) },
    });
  }
}

/** Resolves with the script. @throws {@link GatewayError} `RECORDING_UNREADABLE` */
export async function recordedScript(path: string): Promise<RecordedScript> {
  const reader = new RecordingReader();
  for await (const line of readRecording(path)) reader.add(line);
  return reader.finish();
}
