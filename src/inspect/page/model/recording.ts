/** Reads recordings, the files that a page exports. A file can come from anywhere, so each field is checked. */
import type { IdentifyReport, LogEntry, ManagerSummary, ShardDetail, ShardSummary } from '../../messages.ts';
import { LOG_KINDS, MARK_KINDS } from './log-kinds.ts';
import { MANAGER_STATES, isShardState } from './states.ts';

export interface Recording {
  readonly format: 'shardwright-recording';
  /** The version of this format. */
  readonly formatVersion: 1;
  /** The version of the package that was inspected. */
  readonly shardwright: string;
  readonly exportedAt: number;
  readonly identify: IdentifyReport | null;
  /** Older recordings do not have this field. */
  readonly managers?: readonly ManagerSummary[];
  readonly shards: readonly ShardSummary[];
  /** The details of the shard that was selected. Those of other shards come from the log. */
  readonly details: readonly ShardDetail[];
  readonly log: readonly LogEntry[];
}

export type RecordingErrorCode = 'TOO_LARGE' | 'NOT_JSON' | 'NOT_A_RECORDING' | 'NEWER_FORMAT' | 'DAMAGED';

/** What a `FlightRecorder` has written is opened with a command, since it may be far larger. */
const notJsonText = (text: string): string =>
  text.startsWith('\u001F') || /^\{[^\n]{0,80}"kind":"header"/.test(text)
    ? 'This is a recording of a FlightRecorder. To open it, run shardwright inspect with its path.'
    : 'This file is not JSON, so it is not a recording of the inspector.';

export class RecordingError extends Error {
  override readonly name = 'RecordingError';
  readonly code: RecordingErrorCode;

  constructor(code: RecordingErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

const FORMAT = 'shardwright-recording';
export const MAX_RECORDING_BYTES = 64 * 1_024 * 1_024;

/** The page redraws everything many times a second, so more than a page can export is refused. */
const MAX_LIST_LENGTH = 20_000;
const MAX_TEXT_LENGTH = 20_000;
const MAX_PAYLOAD_LENGTH = 100_000;
const MAX_TIME = 8.64e15;

type Fields = Readonly<Record<string, unknown>>;
type Check = (value: unknown, path: string) => void;

const fail = (path: string, expected: string): never => {
  throw new RecordingError('DAMAGED', `The recording is damaged: ${path} is not ${expected}.`);
};
const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const number: Check = (value, path) => {
  if (!Number.isFinite(value)) fail(path, 'a number');
  if (Math.abs(Number(value)) > Number.MAX_SAFE_INTEGER) fail(path, 'a number of a usual size');
};
/** A time that `Date` can hold. A larger one would make the time axis count without end. */
const time: Check = (value, path) => {
  number(value, path);
  if (Number(value) < 0 || Number(value) > MAX_TIME) fail(path, 'a time');
};
const text: Check = (value, path) => {
  if (typeof value !== 'string') fail(path, 'a string');
  if (String(value).length > MAX_TEXT_LENGTH) fail(path, `a string of at most ${MAX_TEXT_LENGTH} characters`);
};
const flag: Check = (value, path) => void (typeof value === 'boolean' || fail(path, 'true or false'));
const state: Check = (value, path) => void (isShardState(value) || fail(path, 'a shard state'));
/** A payload is shown as JSON. */
const payload: Check = (value, path) => {
  try {
    if (value === undefined || JSON.stringify(value).length <= MAX_PAYLOAD_LENGTH) return;
  } catch {
    // It is nested too deeply.
  }
  fail(path, `a payload of at most ${MAX_PAYLOAD_LENGTH} characters`);
};
const oneOf =
  (...values: readonly string[]): Check =>
  (value, path) =>
    void (values.includes(String(value)) || fail(path, `one of ${values.join(', ')}`));
const nullable =
  (check: Check): Check =>
  (value, path) =>
    value === null || check(value, path);
const optional =
  (check: Check): Check =>
  (value, path) =>
    value === undefined || check(value, path);
const listOf =
  (check: Check): Check =>
  (value, path) => {
    if (!Array.isArray(value)) fail(path, 'a list');
    if ((value as unknown[]).length > MAX_LIST_LENGTH) fail(path, `a list of at most ${MAX_LIST_LENGTH}`);
    for (const [index, item] of (value as unknown[]).entries()) check(item, `${path}[${index}]`);
  };
const record =
  (checks: Readonly<Record<string, Check>>): Check =>
  (value, path) => {
    if (!isObject(value)) fail(path, 'an object');
    for (const [key, check] of Object.entries(checks))
      check((value as Fields)[key], path === '' ? key : `${path}.${key}`);
  };

const cluster = record({
  node: text,
  engine: text,
  isReachable: flag,
  nodes: listOf(
    record({
      node: text,
      joinedAt: time,
      shards: listOf(number),
      isDraining: flag,
      isSelf: flag,
      isAway: flag,
      isStalled: optional(flag),
    }),
  ),
  unowned: listOf(number),
  running: listOf(text),
  groups: listOf(record({ group: text, lag: number, pending: number, deadLetters: number })),
});

const checkRecording = record({
  shardwright: text,
  exportedAt: time,
  identify: nullable(record({ waiting: number, total: number, remaining: number, resetAfterMs: number })),
  managers: optional(
    listOf(
      record({
        key: text,
        state: oneOf(...MANAGER_STATES),
        since: time,
        total: nullable(number),
        ready: number,
        shards: number,
        resharding: nullable(record({ total: number, ready: number })),
        cluster: optional(nullable(cluster)),
      }),
    ),
  ),
  shards: listOf(
    record({
      key: text,
      shardId: number,
      shardCount: number,
      state,
      since: time,
      pingMs: nullable(number),
      dispatchesPerSecond: number,
      sequence: nullable(number),
      lastDispatchAt: nullable(time),
      pendingSends: number,
      sendWindow: nullable(record({ used: number, limit: number })),
      worker: optional(number),
    }),
  ),
  details: listOf(
    record({
      key: text,
      chart: text,
      active: listOf(text),
      states: listOf(record({ at: time, state })),
      marks: listOf(record({ at: time, kind: oneOf(...MARK_KINDS), text })),
      heartbeats: listOf(record({ at: time, latencyMs: nullable(number) })),
      rates: optional(record({ from: time, binMs: number, perSecond: listOf(nullable(number)) })),
    }),
  ),
  log: listOf(
    record({
      id: number,
      at: time,
      shard: text,
      kind: oneOf(...LOG_KINDS),
      text,
      active: optional(listOf(text)),
      taken: optional(listOf(text)),
      payload,
    }),
  ),
});

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw new RecordingError('NOT_JSON', notJsonText(json), cause);
  }
}

/** @throws {@link RecordingError} if the text is not a recording that this page can show. */
export function readRecording(json: string): Recording {
  if (json.length > MAX_RECORDING_BYTES)
    throw new RecordingError('TOO_LARGE', 'This file is larger than 64 MiB, the maximum for a recording.');
  const value = parse(json);
  if (!isObject(value) || value['format'] !== FORMAT) {
    throw new RecordingError(
      'NOT_A_RECORDING',
      'This file is JSON, but not a recording of the inspector. Use Export to make a recording.',
    );
  }
  if (value['formatVersion'] !== 1) {
    throw new RecordingError(
      'NEWER_FORMAT',
      `This recording has format ${String(value['formatVersion'])}, but this page reads format 1. Open it with a newer shardwright.`,
    );
  }
  checkRecording(value, '');
  return value as unknown as Recording;
}
