/** The modules for prom-client and OpenTelemetry, in the process of the test. */
import { metrics } from '@opentelemetry/api';
import { channel } from 'node:diagnostics_channel';
import { Registry, register } from 'prom-client';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { ManagerStatus, ShardState } from '../../src/index.ts';
import { SHARD_STATES } from '../../src/metrics/bot-status.ts';
import { MetricRegistry } from '../../src/metrics/metric-registry.ts';
import { instrument } from '../../src/metrics/opentelemetry.ts';
import type { OpenTelemetryMeter } from '../../src/metrics/opentelemetry.ts';
import { collectMetrics } from '../../src/metrics/prometheus.ts';
import type { CollectMetricsOptions } from '../../src/metrics/prometheus.ts';
import { recordTelemetry } from '../../src/metrics/telemetry-recorder.ts';
import { shardStatus } from '../kit/shard-status.ts';

const publish = (name: string, ...messages: object[]): void => {
  for (const message of messages) channel(`shardwright:${name}`).publish({ shardId: 0, ...message });
};

/** One message of each kind that is measured. */
function publishEverything(): void {
  publish(
    'shard',
    { event: 'stateChange', from: 'disconnected', to: 'connecting' },
    { event: 'stateChange', from: 'connecting', to: 'ready' },
    { event: 'ready', guilds: 3 },
    { event: 'resumed', replayed: 5 },
    { event: 'heartbeat', latencyMs: 30 },
    { event: 'disconnected', code: 4000, initiator: 'gateway', willReconnect: true, willResume: true },
    { event: 'disconnected', code: 123, initiator: 'gateway', willReconnect: true, willResume: true },
    { event: 'disconnected', code: null, initiator: 'transport', willReconnect: true, willResume: true },
    { event: 'fault', code: 'PROXY_FAILED' },
    { event: 'failed', code: 'AUTHENTICATION_FAILED' },
    { event: 'lagged', lateMs: 5 },
  );
  publish('identify', { event: 'granted', waitMs: 1_500 }, { event: 'sent', waitMs: 1_500, remainingStarts: 997 });
  publish('send', { event: 'sent', kind: 'command', waitMs: 2, pending: 0 });
  publish('send', { event: 'abandoned', kind: 'presence', waitMs: 2, code: 'STOPPED' });
}

const botWith = (states: readonly ShardState[]): { status(): ManagerStatus } => ({
  status: () => ({
    state: 'running',
    total: states.length,
    ready: 0,
    shards: states.map(shardStatus),
    resharding: null,
    budget: { total: 1_000, remaining: 900, resetAfterMs: 1 },
    cluster: null,
  }),
});

/** Collects until the test is over. */
async function collectUntilEnd(options?: CollectMetricsOptions): Promise<void> {
  const collection = await collectMetrics(options);
  onTestFinished(() => collection.stop());
}

const throwing = (): never => {
  throw new Error('the meter is broken');
};

const linesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '');

describe('collectMetrics()', () => {
  test('gives prom-client the text that /metrics serves', async () => {
    const own = new Registry();
    const registry = new MetricRegistry(null);
    onTestFinished(recordTelemetry(registry));
    await collectUntilEnd({ register: own });
    publishEverything();
    const lines = linesOf(await own.metrics());
    expect(lines).toEqual(linesOf(registry.toText()));
    expect(lines.filter((line) => !line.startsWith('#') && !/_(?:bucket|sum|count)/.test(line))).toEqual([
      'shardwright_shards{state="connecting"} 0',
      'shardwright_shards{state="ready"} 1',
      'shardwright_sessions_total{how="begun"} 1',
      'shardwright_sessions_total{how="resumed"} 1',
      'shardwright_replayed_total 5',
      'shardwright_disconnects_total{initiator="gateway",code="4000"} 1',
      'shardwright_disconnects_total{initiator="gateway",code="other"} 1',
      'shardwright_disconnects_total{initiator="transport",code="none"} 1',
      'shardwright_errors_total{event="fault",code="PROXY_FAILED"} 1',
      'shardwright_errors_total{event="failed",code="AUTHENTICATION_FAILED"} 1',
      'shardwright_session_starts_remaining 997',
      'shardwright_sends_total{event="sent",kind="command"} 1',
      'shardwright_sends_total{event="abandoned",kind="presence"} 1',
    ]);
    expect(lines).toContain('shardwright_heartbeat_seconds_bucket{le="0.025"} 0');
    expect(lines).toContain('shardwright_heartbeat_seconds_bucket{le="0.05"} 1');
    expect(lines).toContain('shardwright_heartbeat_seconds_bucket{le="+Inf"} 1');
    expect(lines).toContain('shardwright_identify_wait_seconds_sum 1.5');
  });

  test('uses the default register, and registers before it returns if it is given one', async () => {
    const own = new Registry();
    const pending = collectMetrics({ register: own });
    expect(own.getSingleMetric('shardwright_shards')).toBeDefined();
    (await pending).stop();
    await collectUntilEnd();
    expect(register.getSingleMetric('shardwright_shards')).toBeDefined();
  });

  test('counts the shards of a bot that is connected already, in all nine states', async () => {
    const own = new Registry();
    await collectUntilEnd({ register: own, bot: botWith(['ready', 'ready', 'zombie']) });
    const lines = linesOf(await own.metrics()).filter((line) => /^shardwright_(?:shards|session_starts)/.test(line));
    const counts: Partial<Record<ShardState, number>> = { ready: 2, zombie: 1 };
    expect(lines).toEqual([
      ...SHARD_STATES.map((state) => `shardwright_shards{state="${state}"} ${counts[state] ?? 0}`),
      'shardwright_session_starts_remaining 900',
    ]);
  });

  test('ends with stop(), which removes the metrics', async () => {
    const own = new Registry();
    const collection = await collectMetrics({ register: own });
    collection.stop();
    publishEverything();
    expect(await own.metrics()).toBe('\n');
    await collectUntilEnd({ register: own });
  });

  test('refuses a second collection in the same register, and leaves the first alone', async () => {
    const own = new Registry();
    await collectUntilEnd({ register: own });
    await expect(collectMetrics({ register: own })).rejects.toThrow(/already been registered/);
    publishEverything();
    expect(await own.metrics()).toContain('shardwright_replayed_total 5');
  });

  test('starts again from 0 when the register is reset', async () => {
    const own = new Registry();
    await collectUntilEnd({ register: own });
    publishEverything();
    own.resetMetrics();
    expect(await own.metrics()).toContain('shardwright_heartbeat_seconds_count 0');
    expect(await own.metrics()).not.toContain('shardwright_replayed_total 5');
  });
});

describe('instrument()', () => {
  test('ends with stop(), and with a warning when the meter throws', async () => {
    const real = metrics.getMeter('test');
    const meter: OpenTelemetryMeter = {
      createCounter: () => ({ add: throwing }),
      createUpDownCounter: (...args) => real.createUpDownCounter(...args),
      createHistogram: (...args) => real.createHistogram(...args),
      createGauge: (...args) => real.createGauge(...args),
      createObservableUpDownCounter: (...args) => real.createObservableUpDownCounter(...args),
    };
    const stopped = await instrument({ meter });
    stopped.stop();
    publishEverything();
    const warned = new Promise<Error>((resolve) => process.once('warning', resolve));
    const running = await instrument({ meter });
    onTestFinished(() => running.stop());
    publishEverything();
    expect((await warned).message).toBe('shardwright records no more metrics: the meter is broken');
  });

  test('observes the shards of a bot that is connected already', async () => {
    const observed: [number, unknown][] = [];
    let callback: ((result: { observe(value: number, attributes?: object): void }) => void) | null = null;
    const real = metrics.getMeter('test');
    const meter: OpenTelemetryMeter = {
      createCounter: (...args) => real.createCounter(...args),
      createUpDownCounter: () => expect.unreachable('the shards are observed'),
      createHistogram: (...args) => real.createHistogram(...args),
      createGauge: (...args) => real.createGauge(...args),
      createObservableUpDownCounter: () => ({
        addCallback: (added) => (callback = added),
        removeCallback: () => (callback = null),
      }),
    };
    const running = await instrument({ meter, bot: botWith(['ready', 'failed']) });
    callback!({ observe: (value, attributes) => observed.push([value, attributes]) });
    expect(observed.filter(([value]) => value > 0)).toEqual([
      [1, { state: 'ready' }],
      [1, { state: 'failed' }],
    ]);
    running.stop();
    expect(callback).toBeNull();
  });
});
