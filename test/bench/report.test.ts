/** docs/performance.md shows the figures of the published results. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { DOCUMENT, LATEST, blockNamesIn, documentWith, readResults, replaceBlocks } from '../../bench/report.ts';
import { Figures, toJson } from '../../bench/results.ts';
import type { Results } from '../../bench/results.ts';
import { FULL } from '../../bench/settings.ts';
import { BLOCKS, fullReport } from '../../bench/tables.ts';
import { evaluateTargets } from '../../bench/targets.ts';
import type { Target } from '../../bench/targets.ts';

const sample = (round: number, cpuUs: number) => ({
  round,
  values: { cpuUs, wallUs: cpuUs, peakRssMiB: 80, outOfOrder: 0 },
});

const RESULTS: Results = {
  machine: {
    date: '2026-02-03',
    cpu: 'Some CPU',
    cores: 4,
    memoryGiB: 16,
    system: 'linux 6 x64',
    node: 'v24.0.0',
    loadBefore: 0.5,
    versions: { shardwright: '1.0.0' },
  },
  isFull: true,
  settings: FULL,
  cases: [
    { id: 'backlog/floor-plain', problem: null, samples: [sample(0, 10), sample(1, 20), sample(2, 10)] },
    { id: 'backlog/ours-plain', problem: null, samples: [sample(0, 11), sample(1, 20), sample(2, 12)] },
    { id: 'backlog/eris-zlib-sync', problem: 'zlib-sync is not built', samples: [] },
    {
      id: 'memory-500/ours-zlib',
      problem: null,
      samples: [{ round: 0, values: { rssBeforeGcKiB: 180, heapKiB: 12 } }],
    },
  ],
};

const blockOf = (name: string, results: Results = RESULTS): string =>
  BLOCKS[name]?.(new Figures(results)) ?? 'no such block';

describe('a block', () => {
  test('shows the median of the ratios of all rounds, with its quartiles', () => {
    expect(blockOf('backlog').split('\n')).toEqual([
      '|  | CPU ÷ floor | CPU, µs | time, µs | peak RSS, MiB | out of order |',
      '|---|---:|---:|---:|---:|---:|',
      '| floor: ws + JSON.parse | 1.00 (1.00–1.00) | 10.0 (10.0–15.0) | 10.0 (10.0–15.0) | 80.0 (80.0–80.0) | 0.00 (0.00–0.00) |',
      '| shardwright: plain | 1.10 (1.05–1.15) | 12.0 (11.5–16.0) | 12.0 (11.5–16.0) | 80.0 (80.0–80.0) | 0.00 (0.00–0.00) |',
    ]);
  });

  test('says what was not measured, and why', () => {
    expect(blockOf('storm')).toBe('Not measured.');
    expect(blockOf('problems')).toBe('- `backlog/eris-zlib-sync`: zlib-sync is not built');
    expect(blockOf('problems', { ...RESULTS, cases: [] })).toBe('Everything was measured.');
  });

  test('warns about figures of a short run or a busy machine', () => {
    expect(blockOf('machine')).not.toContain('mean');
    expect(blockOf('machine', { ...RESULTS, isFull: false })).toContain('these figures mean nothing');
    expect(blockOf('machine', { ...RESULTS, machine: { ...RESULTS.machine, loadBefore: 3 } })).toContain(
      'The machine was busy',
    );
  });

  test('appears in the full report', () => {
    const headings = [...fullReport(new Figures(RESULTS)).matchAll(/^## (\w+)$/gm)].map(([, name]) => name);
    expect(headings).toEqual(Object.keys(BLOCKS));
  });
});

const target = (sense: Target['sense'], limit: number): Target => ({
  what: 'x',
  sense,
  limit,
  unit: '×',
  figure: (figures) => figures.ratio('backlog', 'ours-plain', 'floor-plain', 'cpuUs'),
});
const missedBy = (aim: Target) => evaluateTargets(new Figures(RESULTS), [aim])[0]?.missedBy;

describe('a target', () => {
  test('is met at its limit, and missed by the distance of the median beyond it', () => {
    expect(missedBy(target('max', 1.1))).toBe(0);
    expect(missedBy(target('max', 1))).toBeCloseTo(0.1);
    expect(missedBy(target('min', 1.1))).toBe(0);
    expect(missedBy(target('min', 1.5))).toBeCloseTo(0.4);
  });

  test('appears in the table as met, missed with the distance, or not measured', () => {
    const rows = blockOf('targets').split('\n');
    expect(rows.find((row) => row.includes('plain, d read'))).toBe(
      '| CPU per dispatch, plain, d read | ≤ 1.05 × floor | 1.10 (1.05–1.15) | missed by 0.05 (4.76 %) |',
    );
    expect(rows.find((row) => row.startsWith('| heap per idle shard of 500, zlib'))).toBe(
      '| heap per idle shard of 500, zlib-stream | ≤ 16 KiB | 12.0 | met |',
    );
    expect(rows.find((row) => row.includes('killed sockets'))).toBe(
      '| 200 killed sockets, time until all resumed | ≤ 500 ms | – | not measured |',
    );
  });
});

describe('replaceBlocks', () => {
  test('replaces only the text between the markers', () => {
    const text = 'a\n<!-- bench:one -->\nold\n<!-- /bench -->\nb\n<!-- bench:two -->\n<!-- /bench -->\nc';
    expect(replaceBlocks(text, (name) => `new ${name}`)).toBe(
      'a\n<!-- bench:one -->\nnew one\n<!-- /bench -->\nb\n<!-- bench:two -->\nnew two\n<!-- /bench -->\nc',
    );
    expect(blockNamesIn(text)).toEqual(['one', 'two']);
  });

  test('throws for an unknown block', () => {
    expect(() => replaceBlocks('<!-- bench:nonsense -->\n<!-- /bench -->', () => undefined)).toThrow(
      'there is no block named nonsense',
    );
  });
});

test('toJson keeps four digits of a figure', () => {
  const results: Results = {
    ...RESULTS,
    cases: [{ id: 'hello/ours-zlib', problem: null, samples: [{ round: 0, values: { ms: 1.234_567 } }] }],
  };
  const read = JSON.parse(toJson(results)) as Results;
  expect(read.cases[0]?.samples[0]?.values).toEqual({ ms: 1.235 });
});

describe('docs/performance.md', () => {
  const text = readFileSync(DOCUMENT, 'utf8');

  test('has every block once', () => {
    expect(blockNamesIn(text).toSorted()).toEqual(Object.keys(BLOCKS).toSorted());
  });

  test('shows the figures of bench/results/latest.json', () => {
    expect(existsSync(LATEST)).toBe(true);
    expect(text).toBe(documentWith(text, readResults(LATEST)));
  });
});
