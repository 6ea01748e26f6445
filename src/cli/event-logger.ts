/** Turns the events of a shard into words, line by line as they come. */
import type { Disconnected, Shard } from '../index.ts';
import { DispatchRate } from './dispatch-rate.ts';
import type { OutputLog } from './output-log.ts';
import { formatCount, formatMs } from '../inspect/page/model/format.ts';

export interface EventLoggerOptions {
  /** How often dispatches are summed up, in ms. */
  readonly rateEveryMs: number;
}

/** Beats that come faster than this are not all told. */
const HEARTBEAT_LINE_EVERY_MS = 900;
const SESSION_ID_CHARS = 8;

const shortId = (sessionId: string): string => `${sessionId.slice(0, SESSION_ID_CHARS)}…`;

const INITIATOR_TEXTS: Readonly<Record<Disconnected['initiator'], string>> = {
  gateway: 'the gateway',
  shard: 'the shard',
  transport: 'the network',
};

function disconnectedText({ code, reason, initiator, willReconnect, willResume }: Disconnected): string {
  const why = reason === '' ? 'goodbye' : reason;
  const who = `${INITIATOR_TEXTS[initiator]}${code === null ? '' : `, code ${code}`}`;
  const next = !willReconnect ? '' : willResume ? '; will resume' : '; will start a new session';
  return `${why} (${who})${next}`;
}

/** Tells everything `shard` does. Gives back what ends it. */
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
      output.log('ready', `session ${shortId(id)} begins, ${formatCount(guilds.length, 'guild')}`),
    )
    .on('resumed', ({ replayed }) =>
      output.log('resumed', `the session goes on; ${formatCount(replayed, 'dispatch')} replayed`),
    )
    .on('disconnected', (loss) => output.log('closed', disconnectedText(loss)))
    .on('dispatch', ({ t }) => rate.count(t))
    .on('rateLimited', ({ retryAfter }) => output.log('notice', `Discord limits a request for ${retryAfter} s`))
    .on('throttled', ({ pending, retryAfterMs }) =>
      output.log(
        'notice',
        `${formatCount(pending, 'frame')} held back for ${formatMs(retryAfterMs)}, to stay within Discord's limit`,
      ),
    )
    .on('lagged', ({ lateMs }) =>
      output.log('notice', `this process was busy: a heartbeat was ${formatMs(lateMs)} late`),
    )
    .on('fault', (error) => output.log('notice', `${error.code}: ${error.message}`))
    .on('failed', (error) => output.log('failed', `${error.code}: ${error.message}`))
    .on('heartbeat', ({ latency }) => {
      if (performance.now() - heartbeatLoggedAt < HEARTBEAT_LINE_EVERY_MS) return;
      heartbeatLoggedAt = performance.now();
      output.log('beat', `answered after ${formatMs(latency)}`);
    });
  return () => clearInterval(timer);
}
