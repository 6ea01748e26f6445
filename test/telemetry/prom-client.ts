import { subscribe } from 'node:diagnostics_channel';
import { Counter, Gauge, Histogram } from 'prom-client';
import type { IdentifyTelemetry, SendTelemetry, ShardTelemetry } from '../../src/index.ts';

const seconds = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 300];

const shards = new Gauge({ name: 'shardwright_shards', help: 'Shards by state', labelNames: ['state'] });
const latency = new Histogram({
  name: 'shardwright_heartbeat_seconds',
  help: 'Round trip of a heartbeat',
  buckets: seconds,
});
const sessions = new Counter({
  name: 'shardwright_sessions_total',
  help: 'Sessions started and resumed',
  labelNames: ['how'],
});
const replayed = new Counter({ name: 'shardwright_replayed_total', help: 'Replayed dispatches' });
const losses = new Counter({
  name: 'shardwright_disconnects_total',
  help: 'Lost or closed connections',
  labelNames: ['initiator', 'code'],
});
const errors = new Counter({
  name: 'shardwright_errors_total',
  help: 'Faults and failures',
  labelNames: ['event', 'code'],
});
const identifyWait = new Histogram({
  name: 'shardwright_identify_wait_seconds',
  help: 'Wait for the identify gate',
  buckets: seconds,
});
const starts = new Gauge({ name: 'shardwright_session_starts_remaining', help: 'Session starts left today' });
const sends = new Counter({
  name: 'shardwright_sends_total',
  help: 'Payloads that were sent or abandoned',
  labelNames: ['event', 'kind'],
});
const sendWait = new Histogram({
  name: 'shardwright_send_wait_seconds',
  help: 'Wait for the send limits',
  buckets: seconds,
});

/** A gateway may close with any number, so only the codes that Discord documents become a label. */
const codeLabel = (code: number | null): string =>
  code === null ? 'none' : code >= 4000 && code <= 4014 ? String(code) : 'other';

subscribe('shardwright:shard', (message) => {
  const telemetry = message as ShardTelemetry;
  if (telemetry.event === 'stateChange') {
    // A disconnected shard is not counted.
    if (telemetry.from !== 'disconnected') shards.dec({ state: telemetry.from });
    if (telemetry.to !== 'disconnected') shards.inc({ state: telemetry.to });
  } else if (telemetry.event === 'heartbeat') latency.observe(telemetry.latencyMs / 1000);
  else if (telemetry.event === 'ready') sessions.inc({ how: 'begun' });
  else if (telemetry.event === 'resumed') {
    sessions.inc({ how: 'resumed' });
    replayed.inc(telemetry.replayed);
  } else if (telemetry.event === 'disconnected')
    losses.inc({ initiator: telemetry.initiator, code: codeLabel(telemetry.code) });
  else if (telemetry.event === 'fault' || telemetry.event === 'failed')
    errors.inc({ event: telemetry.event, code: telemetry.code });
});

subscribe('shardwright:identify', (message) => {
  const telemetry = message as IdentifyTelemetry;
  if (telemetry.event === 'granted') identifyWait.observe(telemetry.waitMs / 1000);
  else if (telemetry.event === 'sent' && telemetry.remainingStarts !== null) starts.set(telemetry.remainingStarts);
});

subscribe('shardwright:send', (message) => {
  const telemetry = message as SendTelemetry;
  if (telemetry.event === 'throttled') return;
  sends.inc({ event: telemetry.event, kind: telemetry.kind });
  if (telemetry.event === 'sent') sendWait.observe(telemetry.waitMs / 1000);
});
