import { subscribe } from 'node:diagnostics_channel';
import { metrics } from '@opentelemetry/api';
import type { IdentifyTelemetry, SendTelemetry, ShardTelemetry } from '../../src/index.ts';

const meter = metrics.getMeter('shardwright');
const shards = meter.createUpDownCounter('shardwright.shards', { description: 'Shards by state' });
const latency = meter.createHistogram('shardwright.heartbeat.duration', { unit: 'ms', description: 'Round trip of a heartbeat' });
const sessions = meter.createCounter('shardwright.sessions', { description: 'Sessions begun and resumed' });
const replayed = meter.createCounter('shardwright.replayed', { description: 'Dispatches that came by replay' });
const losses = meter.createCounter('shardwright.disconnects', { description: 'Connections that ended' });
const errors = meter.createCounter('shardwright.errors', { description: 'Faults and failures' });
const identifyWait = meter.createHistogram('shardwright.identify.wait', { unit: 'ms', description: 'Wait for the identify gate' });
const starts = meter.createGauge('shardwright.session_starts.remaining', { description: 'Session starts left today' });
const sends = meter.createCounter('shardwright.sends', { description: 'What was to be sent' });
const sendWait = meter.createHistogram('shardwright.send.wait', { unit: 'ms', description: 'Wait for the send limits' });

/** A gateway may close with any number: only those Discord documents become an attribute. */
const codeLabel = (code: number | null): string => (code === null ? 'none' : code >= 4000 && code <= 4014 ? String(code) : 'other');

subscribe('shardwright:shard', (message) => {
  const told = message as ShardTelemetry;
  if (told.event === 'stateChange') {
    // A shard that is disconnected is no shard: counted from there on, and to there.
    if (told.from !== 'disconnected') shards.add(-1, { state: told.from });
    if (told.to !== 'disconnected') shards.add(1, { state: told.to });
  } else if (told.event === 'heartbeat') latency.record(told.latencyMs);
  else if (told.event === 'ready') sessions.add(1, { how: 'begun' });
  else if (told.event === 'resumed') {
    sessions.add(1, { how: 'resumed' });
    replayed.add(told.replayed);
  } else if (told.event === 'disconnected') losses.add(1, { initiator: told.initiator, code: codeLabel(told.code) });
  else if (told.event === 'fault' || told.event === 'failed') errors.add(1, { event: told.event, code: told.code });
});

subscribe('shardwright:identify', (message) => {
  const told = message as IdentifyTelemetry;
  if (told.event === 'granted') identifyWait.record(told.waitMs);
  else if (told.event === 'sent' && told.remainingStarts !== null) starts.record(told.remainingStarts);
});

subscribe('shardwright:send', (message) => {
  const told = message as SendTelemetry;
  if (told.event === 'throttled') return;
  sends.add(1, { event: told.event, kind: told.kind });
  if (told.event === 'sent') sendWait.record(told.waitMs);
});
