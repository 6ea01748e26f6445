/** Turns the events of a shard into words, line by line as they come. */
import type { Disconnected, Shard } from '../index.ts';
import { DispatchRate } from './dispatch-rate.ts';
import type { Stream } from './stream.ts';
import { counted, duration } from './words.ts';

export interface NarratorOptions {
  /** How often dispatches are summed up, in ms. */
  readonly rateEveryMs: number;
}

/** Beats that come faster than this are not all told. */
const BEAT_LINE_EVERY_MS = 900;
const SHOWN_OF_SESSION_ID = 8;

const shortId = (sessionId: string): string => `${sessionId.slice(0, SHOWN_OF_SESSION_ID)}…`;

const ENDED_BY: Readonly<Record<Disconnected['initiator'], string>> = {
  gateway: 'the gateway',
  shard: 'the shard',
  transport: 'the network',
};

function lossInWords({ code, reason, initiator, willReconnect, willResume }: Disconnected): string {
  const why = reason === '' ? 'goodbye' : reason;
  const who = `${ENDED_BY[initiator]}${code === null ? '' : `, code ${code}`}`;
  const next = !willReconnect ? '' : willResume ? '; will resume' : '; will start a new session';
  return `${why} (${who})${next}`;
}

/** Tells everything `shard` does. Gives back what ends it. */
export function narrate(shard: Shard, stream: Stream, { rateEveryMs }: NarratorOptions): () => void {
  const rate = new DispatchRate();
  let beatToldAt = Number.NEGATIVE_INFINITY;
  const timer = setInterval(() => {
    const line = rate.take();
    if (line !== null) stream.tell('events', line);
  }, rateEveryMs);

  shard
    .on('stateChange', ({ from, to }) => stream.tell('state', `${from} → ${to}`))
    .on('hello', ({ heartbeatInterval }) => stream.tell('hello', `the gateway asks for a heartbeat every ${duration(heartbeatInterval)}`))
    .on('ready', ({ guilds, session_id: id }) => stream.tell('ready', `session ${shortId(id)} begins, ${counted(guilds.length, 'guild')}`))
    .on('resumed', ({ replayed }) => stream.tell('resumed', `the session goes on; ${counted(replayed, 'dispatch')} replayed`))
    .on('disconnected', (loss) => stream.tell('closed', lossInWords(loss)))
    .on('dispatch', ({ t }) => rate.count(t))
    .on('rateLimited', ({ retryAfter }) => stream.tell('notice', `Discord limits a request for ${retryAfter} s`))
    .on('throttled', ({ pending, retryAfterMs }) =>
      stream.tell('notice', `${counted(pending, 'frame')} held back for ${duration(retryAfterMs)}, to stay within Discord's limit`),
    )
    .on('lagged', ({ lateMs }) => stream.tell('notice', `this process was busy: a heartbeat was ${duration(lateMs)} late`))
    .on('fault', (error) => stream.tell('notice', `${error.code}: ${error.message}`))
    .on('failed', (error) => stream.tell('failed', `${error.code}: ${error.message}`))
    .on('heartbeat', ({ latency }) => {
      if (performance.now() - beatToldAt < BEAT_LINE_EVERY_MS) return;
      beatToldAt = performance.now();
      stream.tell('beat', `answered after ${duration(latency)}`);
    });
  return () => clearInterval(timer);
}
