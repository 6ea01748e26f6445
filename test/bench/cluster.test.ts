/** The bench of a cluster: its figures, what is computed from them, and that its cases measure. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { capacityTable } from '../../bench/cluster/capacity.ts';
import { CLUSTER_BLOCK, CLUSTER_DOCUMENT, clusterDocumentWith } from '../../bench/cluster/document.ts';
import { parseOptions } from '../../bench/cluster/options.ts';
import { figuresTable, machineLines, noteOf, publishedResults } from '../../bench/cluster/results.ts';
import type { ClusterResults } from '../../bench/cluster/results.ts';
import { backlog, commits, consume, look, spread, takeOver } from '../../bench/cluster/scenarios.ts';
import { FULL, QUICK, withRounds } from '../../bench/cluster/settings.ts';
import type { ClusterSettings } from '../../bench/cluster/settings.ts';
import { blockNamesIn } from '../../bench/report.ts';
import { redisServerPath } from '../kit/redis-server.ts';

const samplesOf = (metric: string, values: readonly number[]) =>
  values.map((value, round) => ({ round, values: { [metric]: value } }));

const RESULTS: ClusterResults = {
  machine: {
    date: '2026-01-01',
    cpu: 'CPU',
    cores: 2,
    memoryGiB: 8,
    system: 'linux',
    node: 'v24.0.0',
    loadBefore: 0,
    versions: { redis: '7.0.0' },
  },
  isFull: true,
  isQuick: false,
  settings: FULL,
  cases: [
    { id: 'backlog/node', problem: null, samples: samplesOf('cpuUs', [10, 20, 10]) },
    // One round was slow for both.
    { id: 'backlog/publish', problem: null, samples: samplesOf('cpuUs', [13, 26, 13]) },
    {
      id: 'spread/publish',
      problem: null,
      samples: [{ round: 0, values: { cpuUs: 100, consumerCpuUs: 200, redisCpuUs: 50, redisCalls: 20 } }],
    },
    { id: 'consume', problem: null, samples: samplesOf('bytesPerEntry', [1_024]) },
    { id: 'look', problem: null, samples: samplesOf('redisCpuUs', [0.5]) },
  ],
};

describe('the figures of a cluster', () => {
  test('compare cases of the same round', () => {
    expect(figuresTable(RESULTS)).toContain('| ≤ 1.4 × | 1.30 (1.30–1.30) × | met |');
  });

  test.each([
    ['not measured', null, undefined],
    ['too few rounds', { low: 1, median: 1, high: 1, count: 2 }, 1.4],
    ['too noisy', { low: 0.94, median: 1, high: 1.05, count: 9 }, 1.4],
    ['met', { low: 0.96, median: 1, high: 1.05, count: 9 }, 1],
    ['missed by 0.50', { low: 1.96, median: 2, high: 2.05, count: 9 }, 1.5],
    ['', { low: 1, median: 1, high: 1, count: 9 }, undefined],
  ])('are %s', (note, value, limit) => {
    expect(noteOf(value, limit)).toBe(note);
  });

  test('come with a warning if the machine was busy, or the run was short', () => {
    expect(machineLines(RESULTS)).not.toContain('**');
    expect(machineLines({ ...RESULTS, isFull: false })).toContain('Not all cases or rounds');
    expect(machineLines({ ...RESULTS, isFull: false, isQuick: true })).toContain('mean nothing');
    expect(machineLines({ ...RESULTS, machine: { ...RESULTS.machine, loadBefore: 1.1 } })).toContain('was busy');
  });
});

test('capacity multiplies the cost of an event by the events of all shards, and that of a look by shards and nodes', () => {
  expect(capacityTable(RESULTS, 20).split('\n').slice(2)).toEqual([
    '| 16 | 4 | 320 | 0.03 | 0.06 | 6,400 | 0.02 | 0.00 | 1 | 1.10 |',
    '| 160 | 8 | 3,200 | 0.32 | 0.64 | 64,000 | 0.16 | 0.00 | 1 | 11 |',
    '| 1,600 | 16 | 32,000 | 3.20 | 6.40 | 640,000 | 1.60 | 0.01 | 3 | 110 |',
    '| 16,000 | 64 | 320,000 | 32 | 64 | 6,400,000 | 16 | 0.51 | 23 | 1,099 |',
  ]);
});

test('a stream keeps no more than its length allows, at any rate', () => {
  const [memory, ofMore] = [100, 1_000].map((rate) => capacityTable(RESULTS, rate).split('\n')[2]?.split(' | ').at(-1));
  expect(ofMore).toBe(memory);
});

describe('the options', () => {
  test('scale the rounds of all kinds', () => {
    expect(withRounds(FULL, 3).rounds).toEqual({ backlog: 3, spread: 2, commit: 2, takeOver: 1 });
  });

  test.each([
    ['--rounds', '1.5', '--rounds must be a positive integer'],
    ['--per-shard', '0', '--per-shard must be a positive number'],
  ])('name %s if it is wrong', (name, value, message) => {
    expect(() => parseOptions([name, value])).toThrow(message);
  });
});

describe('docs/cluster.md', () => {
  const text = readFileSync(CLUSTER_DOCUMENT, 'utf8');

  test('has the figures once', () => {
    expect(blockNamesIn(text)).toEqual([CLUSTER_BLOCK]);
  });

  test('shows what is in bench/results/cluster.json, and else that there are no figures', () => {
    expect(text).toBe(clusterDocumentWith(text, publishedResults()));
  });

  test('would show figures, and what is computed from them', () => {
    const page = clusterDocumentWith(text, RESULTS);
    expect(page).toContain(figuresTable(RESULTS));
    expect(page).toContain(capacityTable(RESULTS, 20));
  });
});

describe.skipIf(redisServerPath() === null)('a case', () => {
  const SMALL: ClusterSettings = {
    ...QUICK,
    backlog: { warmup: 100, measured: 200 },
    spread: { shards: 4, perSecond: 200, warmupMs: 100, measuredMs: 300 },
    commits: 200,
    consumed: 200,
    looks: { shards: 20, count: 5 },
    takeOver: { shards: 4, leaseTtlMs: 2_000 },
  };

  test.each([
    ['backlog/publish', backlog('publish'), ['cpuUs', 'redisCpuUs', 'redisCalls']],
    ['spread/publish', spread('publish'), ['cpuUs', 'redisCpuUs', 'redisCalls', 'consumerCpuUs', 'p50Ms', 'p99Ms']],
    ['commit/32', commits({ inFlight: 32, batch: 1 }), ['perSecond', 'redisCpuUs']],
    ['consume', consume, ['perSecond', 'cpuUs', 'redisCpuUs', 'bytesPerEntry']],
    ['look', look, ['cpuUs', 'redisCpuUs']],
  ])('%s measures %#', { timeout: 120_000 }, async (_id, measure, metrics) => {
    const sample = await measure(SMALL);
    expect(Object.keys(sample)).toEqual(metrics);
    expect(Object.values(sample).every(Number.isFinite)).toBe(true);
  });

  test('take-over counts the shards of the node that was killed', { timeout: 120_000 }, async () => {
    const { identified, shards } = await takeOver(SMALL);
    expect({ identified, shards }).toEqual({ identified: 0, shards: 3 });
  });
});
