/**
 * The records of a recording: one table, from which the types, the reader and the writer follow. A new kind is a new
 * row. A reader leaves out kinds and fields that it does not know, so adding does not change the version.
 * `docs/internals/recording-format.md` describes the same table in words; a test compares.
 */
import { byName, count, flag, list, nullable, number, object, oneOf, text } from './fields.ts';
import type { FieldTable, ValuesOf } from './fields.ts';

/** Changes only if an older reader would read something wrong. */
export const VERSION = 1;
export const FORMAT = 'shardwright-recording';

const TRANSITION = { from: text, to: text };

/** A step of a statechart. `active` is missing if the same states are active as after the step before. */
const STEP = { event: text, taken: list(text), active: nullable(list(text)) };

/** A `GatewayError`. `message` is missing if it could quote your code or the gateway. */
const PROBLEM = {
  code: text,
  message: nullable(text),
  hint: nullable(text),
  closeCode: nullable(count),
  opcode: nullable(count),
  cause: nullable(text),
};

/** The options of a shard that explain what it does. None is a secret. */
const OPTIONS = {
  intents: count,
  version: count,
  compression: text,
  gatewayHost: text,
  hasProxy: flag,
  shouldReconnect: flag,
  warmStart: flag,
  largeThreshold: nullable(count),
  maxMessageBytes: number,
  maxBufferedBytes: number,
  events: nullable(count),
};

/** A shard at the beginning of a segment. */
const SHARD = { shard: count, shardCount: count, state: text, active: nullable(list(text)), worker: nullable(count) };

const PROCESS = {
  pid: count,
  startedAt: number,
  node: text,
  platform: text,
  arch: text,
  shardwright: text,
};

/** The fields of each kind, beside `at`, `kind` and `shard`. */
export const RECORDS = {
  /** The first line of each segment. */
  header: {
    format: oneOf(FORMAT),
    version: count,
    run: text,
    segment: count,
    process: object(PROCESS),
    isRedacted: flag,
    managerState: nullable(text),
    shards: list(object(SHARD)),
  },
  shard: {
    shardCount: count,
    state: text,
    active: nullable(list(text)),
    worker: nullable(count),
    options: nullable(object(OPTIONS)),
  },
  shardRemoved: {},
  state: TRANSITION,
  step: { ...STEP, delayMs: nullable(number) },
  connected: {},
  hello: { heartbeatIntervalMs: number },
  ready: { guilds: count, sessionId: nullable(text) },
  resumed: { replayed: count },
  reconnected: { resumed: flag },
  heartbeat: { latencyMs: number },
  lagged: { lateMs: number },
  disconnected: {
    code: nullable(count),
    reason: text,
    initiator: oneOf('gateway', 'shard', 'transport'),
    willReconnect: flag,
    willResume: flag,
  },
  frame: {
    direction: oneOf('in', 'out'),
    op: count,
    t: nullable(text),
    s: nullable(count),
    bytes: count,
    resumable: nullable(flag),
    delayMs: nullable(number),
  },
  dispatches: {
    periodMs: number,
    count,
    firstS: nullable(count),
    lastS: nullable(count),
    kinds: nullable(byName(object({ count, bytes: count }))),
  },
  fault: PROBLEM,
  failed: PROBLEM,
  rateLimited: { opcode: count, retryAfterMs: number },
  throttled: { pending: count, retryAfterMs: number },
  send: {
    event: oneOf('sent', 'abandoned'),
    payload: text,
    waitMs: number,
    pending: nullable(count),
    code: nullable(text),
  },
  identify: {
    event: oneOf('granted', 'sent', 'released', 'abandoned', 'budgetSpent'),
    waitMs: nullable(number),
    remainingStarts: nullable(count),
    retryAfterMs: nullable(number),
  },
  identifyQueue: { waiting: count, total: count, remaining: count, resetAfterMs: number },
  backPressure: { isPaused: flag, bufferedBytes: count, pendingSends: count },
  managerState: TRANSITION,
  managerStep: STEP,
  resharded: { from: count, to: count },
  lag: { lateMs: number, cpuMs: number },
  dropped: { records: count, forMs: number, reason: text },
  crash: { name: text, code: nullable(text) },
  end: { reason: oneOf('closed', 'exit'), exitCode: nullable(count) },
} as const satisfies Readonly<Record<string, FieldTable>>;

export type RecordKind = keyof typeof RECORDS;

/** The fields of one kind of record, beside `at`, `kind` and `shard`. */
export type RecordFields<Kind extends RecordKind> = ValuesOf<(typeof RECORDS)[Kind]>;

/** A record of one kind. */
export type RecordOf<Kind extends RecordKind> = {
  readonly kind: Kind;
  /** When it happened, in ms since the epoch. */
  readonly at: number;
  /** The id of the shard; `null` if it concerns the process or the manager. */
  readonly shard: number | null;
} & RecordFields<Kind>;

/** One line of a recording. */
export type RecordingRecord = { [Kind in RecordKind]: RecordOf<Kind> }[RecordKind];

/** The first line of a segment: what is true when it begins, so that each segment can be read alone. */
export type RecordingHeader = RecordOf<'header'>;
