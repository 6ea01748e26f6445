/** Prints the events of a shard, one line each. */
import type { Disconnected, Shard } from '../index.ts';
import { DispatchRate } from './dispatch-rate.ts';
import type { OutputLog } from './output-log.ts';
import { formatCount, formatMs } from '../inspect/page/model/format.ts';

export interface EventLoggerOptions {
  /** How often dispatches are counted up, in ms. */
  readonly rateEveryMs: number;
}

/** With a shorter heartbeat interval, only some ACKs get a line. */
const HEARTBEAT_LINE_EVERY_MS = 900;
const SESSION_ID_CHARS = 8;

const shortId = (sessionId: string): string => `${sessionId.slice(0, SESSION_ID_CHARS)}…`;

const INITIATOR_TEXTS: Readonly<Record<Disconnected['initiator'], string>> = {
  gateway: 'the gateway',
  shard: 'the shard',
  transport: 'the network',
};

function disconnectedText({ code, reason, initiator, willReconnect, willResume }: Disconnected): string {
  const why = reason === '' ? 'closed' : reason;
  const who = `${INITIATOR_TEXTS[initiator]}${code === null ? '' : `, code ${code}`}`;
  const next = !willReconnect ? '' : willResume ? '; will resume' : '; will start a new session';
  return `${why} (${who})${next}`;
}

/** Logs all events of a shard. Returns the function that stops the dispatch counts. */
export function logEvents(shard: Shard, output: OutputLog, { rateEveryMs }: EventLoggerOptions): () => void {
  const rate = new DispatchRate();
  let heartbeatLoggedAt = Number.NEGATIVE_INFINITY;
  const timer = setInterval(() => {
    const line = rate.consumeText();
    if (line !== null) output.log('events', line);
  }, rateEveryMs);

  shard
    .on('stateChange', ({ from, to }) => output.log('state', `${from} → ${to}`))
    .on('hello', ({ heartbeatInterval }) =>
      output.log('hello', `the gateway asks for a heartbeat every ${formatMs(heartbeatInterval)}`),
    )
    .on('ready', ({ guilds, session_id: id }) =>
      output.log('ready', `session ${shortId(id)} started, ${formatCount(guilds.length, 'guild')}`),
    )
    .on('resumed', ({ replayed }) =>
      output.log('resumed', `session resumed, ${formatCount(replayed, 'dispatch')} replayed`),
    )
    .on('disconnected', (loss) => output.log('closed', disconnectedText(loss)))
    .on('dispatch', ({ t }) => rate.count(t))
    .on('rateLimited', ({ retryAfter }) =>
      output.log('notice', `Discord rate-limited a request; retry after ${retryAfter} s`),
    )
    .on('throttled', ({ pending, retryAfterMs }) =>
      output.log('notice', `${formatCount(pending, 'payload')} queued for ${formatMs(retryAfterMs)} by the send limit`),
    )
    .on('lagged', ({ lateMs }) =>
      output.log('notice', `the event loop was busy: a heartbeat was ${formatMs(lateMs)} late`),
    )
    .on('fault', (error) => output.log('notice', `${error.code}: ${error.message}`))
    .on('failed', (error) => output.log('failed', `${error.code}: ${error.message}`))
    .on('heartbeat', ({ latency }) => {
      if (performance.now() - heartbeatLoggedAt < HEARTBEAT_LINE_EVERY_MS) return;
      heartbeatLoggedAt = performance.now();
      output.log('ack', `heartbeat acknowledged after ${formatMs(latency)}`);
    });
  return () => clearInterval(timer);
}
