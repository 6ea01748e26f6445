import { subscribe } from 'node:diagnostics_channel';
import { metrics } from '@opentelemetry/api';
import type { IdentifyTelemetry, SendTelemetry, ShardTelemetry } from '../../src/index.ts';

const meter = metrics.getMeter('shardwright');
const shards = meter.createUpDownCounter('shardwright.shards', { description: 'Shards by state' });
const latency = meter.createHistogram('shardwright.heartbeat.duration', {
  unit: 'ms',
  description: 'Round trip of a heartbeat',
});
const sessions = meter.createCounter('shardwright.sessions', { description: 'Sessions started and resumed' });
const replayed = meter.createCounter('shardwright.replayed', { description: 'Replayed dispatches' });
const losses = meter.createCounter('shardwright.disconnects', { description: 'Lost or closed connections' });
const errors = meter.createCounter('shardwright.errors', { description: 'Faults and failures' });
const identifyWait = meter.createHistogram('shardwright.identify.wait', {
  unit: 'ms',
  description: 'Wait for the identify gate',
});
const starts = meter.createGauge('shardwright.session_starts.remaining', { description: 'Session starts left today' });
const sends = meter.createCounter('shardwright.sends', { description: 'Payloads that were sent or abandoned' });
const sendWait = meter.createHistogram('shardwright.send.wait', {
  unit: 'ms',
  description: 'Wait for the send limits',
});

/** A gateway may close with any number, so only the codes that Discord documents become an attribute. */
const codeLabel = (code: number | null): string =>
  code === null ? 'none' : code >= 4000 && code <= 4014 ? String(code) : 'other';

subscribe('shardwright:shard', (message) => {
  const telemetry = message as ShardTelemetry;
  if (telemetry.event === 'stateChange') {
    // A disconnected shard is not counted.
    if (telemetry.from !== 'disconnected') shards.add(-1, { state: telemetry.from });
    if (telemetry.to !== 'disconnected') shards.add(1, { state: telemetry.to });
  } else if (telemetry.event === 'heartbeat') latency.record(telemetry.latencyMs);
  else if (telemetry.event === 'ready') sessions.add(1, { how: 'begun' });
  else if (telemetry.event === 'resumed') {
    sessions.add(1, { how: 'resumed' });
    replayed.add(telemetry.replayed);
  } else if (telemetry.event === 'disconnected')
    losses.add(1, { initiator: telemetry.initiator, code: codeLabel(telemetry.code) });
  else if (telemetry.event === 'fault' || telemetry.event === 'failed')
    errors.add(1, { event: telemetry.event, code: telemetry.code });
});

subscribe('shardwright:identify', (message) => {
  const telemetry = message as IdentifyTelemetry;
  if (telemetry.event === 'granted') identifyWait.record(telemetry.waitMs);
  else if (telemetry.event === 'sent' && telemetry.remainingStarts !== null) starts.record(telemetry.remainingStarts);
});

subscribe('shardwright:send', (message) => {
  const telemetry = message as SendTelemetry;
  if (telemetry.event === 'throttled') return;
  sends.add(1, { event: telemetry.event, kind: telemetry.kind });
  if (telemetry.event === 'sent') sendWait.record(telemetry.waitMs);
});
