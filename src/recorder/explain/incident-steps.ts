/** The way through an incident, a line for each record: what `--incident N` prints. */
import { formatMs } from '../../inspect/page/model/format.ts';
import type { RecordKind, RecordOf, RecordingRecord } from '../format/index.ts';
import type { Episode } from './episode.ts';
import type { IncidentStep } from './story.ts';

type Texts = { readonly [Kind in RecordKind]?: (record: RecordOf<Kind>) => string };

const frameText = ({ direction, op, t, bytes, resumable }: RecordOf<'frame'>): string => {
  const name = t === null ? `op ${op}` : t;
  return `${direction === 'in' ? '← received' : '→ sent'} ${name}${resumable === null ? '' : `, ${resumable ? '' : 'not '}resumable`} (${bytes} bytes)`;
};

const problemText = ({ code, message }: RecordOf<'fault'> | RecordOf<'failed'>): string =>
  message === null ? code : `${code}: ${message}`;

/** Records without a row are not shown. */
const TEXTS: Texts = {
  state: ({ from, to }) => `${from} → ${to}`,
  step: ({ event, taken }) => `chart: ${event}${taken.length === 0 ? '' : ` takes ${taken.join(', ')}`}`,
  connected: () => 'the socket is open',
  hello: ({ heartbeatIntervalMs }) => `HELLO: a heartbeat every ${formatMs(heartbeatIntervalMs)}`,
  ready: ({ guilds }) => `READY: a new session with ${guilds} guilds`,
  resumed: ({ replayed }) => `RESUMED: ${replayed} dispatches were replayed`,
  heartbeat: ({ latencyMs }) => `a heartbeat was acknowledged after ${formatMs(latencyMs)}`,
  lagged: ({ lateMs }) => `a heartbeat was ${formatMs(lateMs)} late`,
  disconnected: ({ code, reason, initiator, willReconnect, willResume }) =>
    `closed by ${initiator}, ${code === null ? 'no code' : `code ${code}`}${reason === '' ? '' : `: ${reason}`}; ${willReconnect ? (willResume ? 'will resume' : 'will start a new session') : 'will not reconnect'}`,
  frame: frameText,
  fault: problemText,
  failed: problemText,
  rateLimited: ({ opcode, retryAfterMs }) => `Discord rejected op ${opcode} for ${formatMs(retryAfterMs)}`,
  throttled: ({ pending, retryAfterMs }) => `${pending} payloads wait ${formatMs(retryAfterMs)} for the send limit`,
  send: ({ event, payload, waitMs }) => `a ${payload} was ${event} after ${formatMs(waitMs)}`,
  identify: ({ event, waitMs, retryAfterMs }) =>
    `identify gate: ${event}${waitMs === null ? '' : ` after ${formatMs(waitMs)}`}${retryAfterMs === null ? '' : `, for ${formatMs(retryAfterMs)}`}`,
  backPressure: ({ isPaused, bufferedBytes }) =>
    `${bufferedBytes} bytes wait for consumers${isPaused ? '; the socket is not read' : ''}`,
  shardRemoved: () => 'the shard has left the service of its manager',
  managerState: ({ from, to }) => `${from} → ${to}`,
  resharded: ({ from, to }) => `resharded from ${from} to ${to} shards`,
  lag: ({ lateMs, cpuMs }) => `the process stood still for ${formatMs(lateMs)}, with ${formatMs(cpuMs)} of CPU time`,
  dropped: ({ records, forMs, reason }) => `${records} records of ${formatMs(forMs)} are missing: ${reason}`,
  crash: ({ name, code }) => `an exception was not caught: ${name}${code === null ? '' : ` (${code})`}`,
  end: ({ reason, exitCode }) =>
    `the recording ends: ${reason === 'closed' ? 'the recorder was closed' : 'the process exited'}${exitCode === null ? '' : `, code ${exitCode}`}`,
};

/** Returns a record as a line, or `null` for a kind that is not shown. */
export function textOf(record: RecordingRecord): string | null {
  const toText = TEXTS[record.kind] as ((record: RecordingRecord) => string) | undefined;
  return toText === undefined ? null : toText(record);
}

/** Returns the lines in the order of time. */
export const stepsOf = (episodes: readonly Episode[]): IncidentStep[] =>
  episodes
    .flatMap(({ records }) => records)
    .toSorted((a, b) => a.at - b.at)
    .flatMap((record) => {
      const text = textOf(record);
      return text === null ? [] : [{ at: record.at, shard: record.shard, text }];
    });
