/**
 * Records what shards publish about IDENTIFY and sends on the telemetry channels. The channels are of the process: with
 * two bots in one process, both recorders have the sends of both.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IdentifyTelemetry, SendTelemetry } from '../protocol/telemetry.ts';
import type { WriteRecord } from './record-log.ts';

const IDENTIFY = 'shardwright:identify';
const SEND = 'shardwright:send';

function writeIdentify(message: IdentifyTelemetry, write: WriteRecord): void {
  write('identify', message.shardId, {
    event: message.event,
    waitMs: 'waitMs' in message ? message.waitMs : null,
    remainingStarts: 'remainingStarts' in message ? message.remainingStarts : null,
    retryAfterMs: 'retryAfterMs' in message ? message.retryAfterMs : null,
  });
}

function writeSend(message: SendTelemetry, write: WriteRecord): void {
  // The event `throttled` of the shard says it too.
  if (message.event === 'throttled') return;
  const { shardId, event, kind: payload, waitMs } = message;
  const pending = 'pending' in message ? message.pending : null;
  write('send', shardId, { event, payload, waitMs, pending, code: 'code' in message ? message.code : null });
}

/** Returns the function that ends it. */
export function recordTelemetryChannels(write: WriteRecord): () => void {
  const onIdentify = (message: unknown): void => writeIdentify(message as IdentifyTelemetry, write);
  const onSend = (message: unknown): void => writeSend(message as SendTelemetry, write);
  subscribe(IDENTIFY, onIdentify);
  subscribe(SEND, onSend);
  return () => {
    unsubscribe(IDENTIFY, onIdentify);
    unsubscribe(SEND, onSend);
  };
}
