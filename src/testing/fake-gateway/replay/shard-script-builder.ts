/** Builds the script of one shard from the records of one process. */
import type { RecordFields, RecordKind, RecordOf, RecordingRecord } from '../../../recorder/format/index.ts';
import { ConnectionBuilder } from './connection-builder.ts';
import type { HostName, RecordedState, ShardScript, Stretch } from './replay-script.ts';

const DEFAULT_INTERVAL_MS = 41_250;
const CONNECTED_STATES: ReadonlySet<string> = new Set(['ready', 'zombie']);
const MAX_GUILDS = 10_000;
const REFUSED_WITH = /Unexpected server response: (\d{3})/;

interface Outage {
  readonly hosts: Set<HostName>;
  status: number | null;
  lastAt: number;
}

type Handlers = { readonly [Kind in RecordKind]?: (record: RecordOf<Kind>) => void };

export class ShardScriptBuilder {
  readonly #shardId: number;
  readonly #shardCount: number;
  readonly #beginsConnected: boolean;
  readonly #startedAt: number;
  readonly #stretches: Stretch[] = [];
  readonly #states: RecordedState[] = [];
  #connection: ConnectionBuilder | null;
  #outage: Outage | null = null;
  #endedAt: number;
  #mainHost: string | null = null;
  #intervalMs = DEFAULT_INTERVAL_MS;
  #guilds: number | null = null;
  /** What was wrong with the last attempt to connect. */
  #problem: RecordFields<'fault'> | null = null;

  /** Other kinds say nothing about the gateway. */
  readonly #handlers: Handlers = {
    shard: ({ options }) => {
      this.#mainHost = options?.gatewayHost ?? null;
    },
    state: ({ at, from, to }) => {
      this.#states.push({ afterMs: Math.max(0, at - this.#startedAt), from, to });
      if (to === 'zombie') this.#connection?.zombie();
    },
    connected: ({ at }) => {
      this.#endOutage();
      this.#connection = new ConnectionBuilder(at, this.#intervalMs);
    },
    hello: ({ at, heartbeatIntervalMs }) => {
      this.#connection?.hello(at, heartbeatIntervalMs);
      this.#intervalMs = this.#connection?.intervalMs ?? this.#intervalMs;
    },
    frame: (frame) => this.#addFrame(frame),
    ready: ({ at, guilds }) => {
      this.#guilds ??= Math.min(guilds, MAX_GUILDS);
      this.#connection?.answered(at);
    },
    resumed: ({ at }) => this.#connection?.answered(at),
    heartbeat: ({ at, latencyMs }) => this.#connection?.acknowledged(at, latencyMs),
    dispatches: (record) => this.#connection?.dispatches(record.at, record),
    fault: (fault) => {
      this.#problem = fault;
      if (fault.code === 'DECODE_FAILED') this.#connection?.corrupt(fault.at);
    },
    disconnected: (loss) => this.#end(loss),
  };

  /** `startedAt`: when the recording began; `at`: when the shard was recorded first. */
  constructor({
    startedAt,
    at,
    shardId,
    shardCount,
    state,
  }: {
    startedAt: number;
    at: number;
    shardId: number;
    shardCount: number;
    state: string;
  }) {
    this.#shardId = shardId;
    this.#shardCount = shardCount;
    this.#startedAt = startedAt;
    this.#endedAt = at;
    this.#beginsConnected = CONNECTED_STATES.has(state);
    this.#connection = null;
    if (!this.#beginsConnected) return;
    this.#connection = new ConnectionBuilder(at, DEFAULT_INTERVAL_MS);
    this.#connection.hello(at, null);
    this.#connection.answered(at);
  }

  add(record: RecordingRecord): void {
    (this.#handlers[record.kind] as ((record: RecordingRecord) => void) | undefined)?.(record);
  }

  build(endedAt: number): ShardScript {
    this.#endOutage();
    if (this.#connection !== null) this.#stretches.push(this.#connection.build(endedAt));
    return {
      shardId: this.#shardId,
      shardCount: this.#shardCount,
      guilds: this.#guilds ?? 0,
      beginsConnected: this.#beginsConnected,
      stretches: this.#stretches,
      states: this.#states,
    };
  }

  #addFrame(frame: RecordOf<'frame'>): void {
    const { at, direction, op, t } = frame;
    if (direction === 'out') {
      if (op === 2 || op === 6) this.#connection?.identified(at);
      if (op === 1) this.#connection?.heartbeatSent(at);
      return;
    }
    if (op === 10) this.#connection?.hello(at, null);
    if (t === 'READY' || t === 'RESUMED') this.#connection?.answered(at);
    this.#connection?.received(at, frame);
  }

  #end(loss: RecordOf<'disconnected'>): void {
    const { at } = loss;
    if (this.#connection === null) {
      // A shard that is stopped while it has no connection was not refused.
      if (loss.initiator === 'transport' || this.#problem?.code === 'CONNECT_TIMEOUT') this.#refused(at);
      this.#problem = null;
      return;
    }
    this.#connection.ended(at, loss);
    this.#stretches.push(this.#connection.build(at));
    this.#connection = null;
    this.#problem = null;
    this.#endedAt = at;
  }

  #refused(at: number): void {
    const { code, message } = this.#problem ?? { code: 'CONNECTION_FAILED', message: null };
    const status = code === 'CONNECT_TIMEOUT' ? null : Number(REFUSED_WITH.exec(message ?? '')?.[1] ?? 0);
    this.#outage ??= { hosts: new Set(), status, lastAt: at };
    this.#outage.status = status;
    this.#outage.lastAt = at;
    const isMain = this.#mainHost === null || message === null || message.includes(this.#mainHost);
    this.#outage.hosts.add(isMain ? 'main' : 'resume');
  }

  #endOutage(): void {
    if (this.#outage === null) return;
    const { hosts, status, lastAt } = this.#outage;
    // A shard without a session tries the main host only, so nothing shows that the other one was there.
    if (hosts.has('main')) hosts.add('resume');
    this.#stretches.push({
      kind: 'outage',
      durationMs: Math.max(0, lastAt - this.#endedAt),
      hosts,
      status,
    });
    this.#outage = null;
  }
}
