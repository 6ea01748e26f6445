/** Turns the messages on the telemetry channels into measurements. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { messageOf } from '../protocol/network-errors.ts';
import type { IdentifyTelemetry, SendTelemetry, ShardTelemetry } from '../protocol/telemetry.ts';
import type { MetricSink } from './metric-table.ts';

/** A gateway may close with any number, so only the codes that Discord documents become a label. */
const codeLabel = (code: number | null): string =>
  code === null ? 'none' : code >= 4000 && code <= 4014 ? String(code) : 'other';

type Handlers<Message extends { readonly event: string }> = {
  readonly [Event in Message['event']]?: (
    message: Extract<Message, { readonly event: Event }>,
    sink: MetricSink,
  ) => void;
};

const ON_SHARD: Handlers<ShardTelemetry> = {
  stateChange: ({ from, to }, sink) => {
    // A disconnected shard is not counted.
    if (from !== 'disconnected') sink.add('shards', -1, { state: from });
    if (to !== 'disconnected') sink.add('shards', 1, { state: to });
  },
  heartbeat: ({ latencyMs }, sink) => sink.observe('heartbeat', latencyMs),
  ready: (_, sink) => sink.add('sessions', 1, { how: 'begun' }),
  resumed: ({ replayed }, sink) => {
    sink.add('sessions', 1, { how: 'resumed' });
    sink.add('replayed', replayed);
  },
  disconnected: ({ initiator, code }, sink) => sink.add('disconnects', 1, { initiator, code: codeLabel(code) }),
  fault: ({ event, code }, sink) => sink.add('errors', 1, { event, code }),
  failed: ({ event, code }, sink) => sink.add('errors', 1, { event, code }),
};

const ON_IDENTIFY: Handlers<IdentifyTelemetry> = {
  granted: ({ waitMs }, sink) => sink.observe('identifyWait', waitMs),
  sent: ({ remainingStarts }, sink) => {
    if (remainingStarts !== null) sink.set('sessionStarts', remainingStarts);
  },
};

const ON_SEND: Handlers<SendTelemetry> = {
  sent: ({ event, kind, waitMs }, sink) => {
    sink.add('sends', 1, { event, kind });
    sink.observe('sendWait', waitMs);
  },
  abandoned: ({ event, kind }, sink) => sink.add('sends', 1, { event, kind }),
};

const CHANNELS: Readonly<Record<string, object>> = {
  'shardwright:shard': ON_SHARD,
  'shardwright:identify': ON_IDENTIFY,
  'shardwright:send': ON_SEND,
};

/**
 * Records the telemetry of all shards of this thread, those of its worker threads included. Returns the function that
 * ends it. A sink that throws ends it too, with a warning: Node would end the process.
 */
export function recordTelemetry(sink: MetricSink): () => void {
  const subscriptions = Object.entries(CHANNELS).map(([channel, handlers]) => {
    const onMessage = (message: unknown): void => {
      const { event } = message as { readonly event: string };
      try {
        (handlers as Record<string, ((message: unknown, sink: MetricSink) => void) | undefined>)[event]?.(
          message,
          sink,
        );
      } catch (cause) {
        stop();
        process.emitWarning(`shardwright records no more metrics: ${messageOf(cause)}`);
      }
    };
    return [channel, onMessage] as const;
  });
  const stop = (): void => {
    for (const [channel, onMessage] of subscriptions) unsubscribe(channel, onMessage);
  };
  for (const [channel, onMessage] of subscriptions) subscribe(channel, onMessage);
  return stop;
}
