/** Runs the programs of docs/telemetry.md, each with a bot. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { GATEWAY_ERROR_CODES } from '../../src/index.ts';
import { STATES } from '../../src/inspect/page/model/states.ts';
import { METRICS } from '../../src/metrics/metric-table.ts';
import { SECRET_CONTENT, SECRET_TOKEN } from './bot.ts';

const here = (name: string): string => join(import.meta.dirname, name);

const run = async (name: string): Promise<{ stdout: string; stderr: string }> =>
  promisify(execFile)(process.execPath, [here(name)]);

/** All values that a label may have, whatever a gateway does. */
const BOUNDS: Readonly<Record<string, readonly string[]>> = {
  state: STATES.map(({ state }) => state),
  how: ['begun', 'resumed'],
  initiator: ['gateway', 'shard', 'transport'],
  code: [...Array.from({ length: 15 }, (_, index) => String(4000 + index)), 'none', 'other', ...GATEWAY_ERROR_CODES],
  event: ['sent', 'abandoned', 'fault', 'failed'],
  kind: ['command', 'presence', 'priority'],
};

type Point = { readonly labels: Readonly<Record<string, string | number>>; readonly value: unknown };
type Series = Readonly<Record<string, readonly Point[]>>;

const pointOf = (series: Series, name: string, labels: Point['labels']): unknown =>
  series[name]?.find((point) => JSON.stringify(point.labels) === JSON.stringify(labels))?.value;

const outOfBounds = (series: Series): string[] =>
  Object.values(series)
    .flat()
    .flatMap(({ labels }) => Object.entries(labels))
    .filter(([label, value]) => label !== 'le' && !(BOUNDS[label] ?? []).includes(String(value)))
    .map(([label, value]) => `${label}=${value}`);

async function prometheus(): Promise<{ series: Series; stdout: string }> {
  const { stdout } = await run('prom-client-bot.ts');
  const metrics = JSON.parse(stdout) as {
    name: string;
    values: { labels: Point['labels']; value: number; metricName?: string }[];
  }[];
  const points = metrics.flatMap(({ name, values }) =>
    values.map(({ labels, value, metricName }) => ({ name: metricName ?? name, labels, value })),
  );
  return { series: Object.groupBy(points, ({ name }) => name) as Series, stdout };
}

async function openTelemetry(): Promise<{ series: Series; stdout: string }> {
  const { stdout } = await run('opentelemetry-bot.ts');
  const metrics = JSON.parse(stdout) as {
    name: string;
    dataPoints: { attributes: Point['labels']; value: unknown }[];
  }[];
  const series = metrics.map(
    ({ name, dataPoints }) =>
      [name, dataPoints.map(({ attributes, value }) => ({ labels: attributes, value }))] as const,
  );
  return { series: Object.fromEntries(series), stdout };
}

describe('collectMetrics() of shardwright/prometheus', () => {
  test('measures shards, sessions, losses, identifies and sends, with a bounded set of labels', async () => {
    const { series, stdout } = await prometheus();
    expect(pointOf(series, 'shardwright_shards', { state: 'ready' })).toBe(3);
    expect(pointOf(series, 'shardwright_sessions_total', { how: 'begun' })).toBe(3);
    expect(pointOf(series, 'shardwright_disconnects_total', { initiator: 'gateway', code: '4000' })).toBe(1);
    expect(pointOf(series, 'shardwright_disconnects_total', { initiator: 'gateway', code: 'other' })).toBe(1);
    expect(pointOf(series, 'shardwright_sends_total', { event: 'sent', kind: 'presence' })).toBe(1);
    expect(pointOf(series, 'shardwright_identify_wait_seconds_count', {})).toBe(3);
    expect(pointOf(series, 'shardwright_session_starts_remaining', {})).toBe(97);
    expect(Number(pointOf(series, 'shardwright_heartbeat_seconds_count', {}))).toBeGreaterThan(0);
    expect(outOfBounds(series)).toEqual([]);
    expect(stdout).not.toContain(SECRET_TOKEN);
    expect(stdout).not.toContain(SECRET_CONTENT);
  });
});

describe('instrument() of shardwright/opentelemetry', () => {
  test('measures the same with the same set of labels', async () => {
    const { series, stdout } = await openTelemetry();
    expect(pointOf(series, 'shardwright.shards', { state: 'ready' })).toBe(3);
    expect(pointOf(series, 'shardwright.sessions', { how: 'begun' })).toBe(3);
    expect(pointOf(series, 'shardwright.disconnects', { initiator: 'gateway', code: '4000' })).toBe(1);
    expect(pointOf(series, 'shardwright.disconnects', { initiator: 'gateway', code: 'other' })).toBe(1);
    expect(pointOf(series, 'shardwright.sends', { event: 'sent', kind: 'presence' })).toBe(1);
    expect(pointOf(series, 'shardwright.identify.wait', {})).toMatchObject({ count: 3 });
    expect(pointOf(series, 'shardwright.session_starts.remaining', {})).toBe(97);
    expect((pointOf(series, 'shardwright.heartbeat.duration', {}) as { count: number }).count).toBeGreaterThan(0);
    expect(outOfBounds(series)).toEqual([]);
    expect(stdout).not.toContain(SECRET_TOKEN);
    expect(stdout).not.toContain(SECRET_CONTENT);
  });
});

describe('docs/telemetry.md', () => {
  test.each(['prom-client.ts', 'opentelemetry.ts'])('shows %s exactly as these tests run it', async (name) => {
    const text = await readFile(join(import.meta.dirname, '../../docs/telemetry.md'), 'utf8');
    const source = await readFile(here(name), 'utf8');
    const recipe = source.replace(/'\.\.\/\.\.\/src\/metrics\/(.+)\.ts'/, "'shardwright/$1'");
    expect(text).toContain(`\`\`\`ts\n${recipe}\`\`\``);
  });

  test('lists every metric with its names, kind and help', async () => {
    const text = await readFile(join(import.meta.dirname, '../../docs/telemetry.md'), 'utf8');
    const rows = [...text.matchAll(/^\| `(shardwright_\w+)` \| `(.+?)` \| (.+?) \| (.+?) \|/gm)];
    expect(
      rows.map(([, prometheus, openTelemetry, kind, help]) => ({ kind, prometheus, openTelemetry, help })),
    ).toEqual(Object.values(METRICS));
  });

  test('the check finds a label outside the set', () => {
    expect(outOfBounds({ a: [{ labels: { code: '4321', state: 'ready', shard: '1' }, value: 1 }] })).toEqual([
      'code=4321',
      'shard=1',
    ]);
  });
});
