/** What the documents show is what the results give. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { replaceBlocks, blockNamesIn } from '../../bench/markdown-blocks.ts';
import { DOCUMENTS, LATEST, documentWith, readResults } from '../../bench/report.ts';
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
    { id: 'memory-500/ours-zlib', problem: null, samples: [{ round: 0, values: { rssAtOnceKiB: 180, heapKiB: 12 } }] },
  ],
};

const shown = (name: string, results: Results = RESULTS): string =>
  BLOCKS[name]?.(new Figures(results)) ?? 'no such block';

describe('the blocks', () => {
  test('a ratio is the median of the ratios of the rounds, with its quartiles', () => {
    expect(shown('backlog').split('\n')).toEqual([
      '|  | CPU ÷ floor | CPU, µs | time, µs | peak RSS, MiB | out of order |',
      '|---|---:|---:|---:|---:|---:|',
      '| floor: ws + JSON.parse | 1.00 (1.00–1.00) | 10.0 (10.0–15.0) | 10.0 (10.0–15.0) | 80.0 (80.0–80.0) | 0.00 (0.00–0.00) |',
      '| shardwright: plain | 1.10 (1.05–1.15) | 12.0 (11.5–16.0) | 12.0 (11.5–16.0) | 80.0 (80.0–80.0) | 0.00 (0.00–0.00) |',
    ]);
  });

  test('what was not measured is said to be so, with the reason', () => {
    expect(shown('storm')).toBe('Not measured.');
    expect(shown('problems')).toBe('- `backlog/eris-zlib-sync`: zlib-sync is not built');
    expect(shown('problems', { ...RESULTS, cases: [] })).toBe('Everything was measured.');
  });

  test('figures of a short run, or of a busy machine, are said to be that', () => {
    expect(shown('machine')).not.toContain('mean');
    expect(shown('machine', { ...RESULTS, isFull: false })).toContain('these figures mean nothing');
    expect(shown('machine', { ...RESULTS, machine: { ...RESULTS.machine, loadBefore: 3 } })).toContain(
      'Something else was at work',
    );
    expect(shown('readme', { ...RESULTS, isFull: false })).toContain('these figures mean nothing');
  });

  test('the whole report has every block but that of the README', () => {
    const headings = [...fullReport(new Figures(RESULTS)).matchAll(/^## (\w+)$/gm)].map(([, name]) => name);
    expect(headings).toEqual(Object.keys(BLOCKS).filter((name) => name !== 'readme'));
  });
});

const target = (sense: Target['sense'], limit: number): Target => ({
  what: 'x',
  sense,
  limit,
  unit: '×',
  figure: (figures) => figures.ratio('backlog', 'ours-plain', 'floor-plain', 'cpuUs'),
});
const missedBy = (given: Target) => evaluateTargets(new Figures(RESULTS), [given])[0]?.missedBy;

describe('targets', () => {
  test('one is met at its limit, and missed by what its median is on the wrong side', () => {
    expect(missedBy(target('max', 1.1))).toBe(0);
    expect(missedBy(target('max', 1))).toBeCloseTo(0.1);
    expect(missedBy(target('min', 1.1))).toBe(0);
    expect(missedBy(target('min', 1.5))).toBeCloseTo(0.4);
  });

  test('the table says met, missed by how much, or not measured', () => {
    const rows = shown('targets').split('\n');
    expect(rows.find((row) => row.includes('plain, d read'))).toBe(
      '| CPU per dispatch, plain, d read | ≤ 1.05 × floor | 1.10 (1.05–1.15) | missed by 0.05 (4.76 %) |',
    );
    expect(rows.find((row) => row.startsWith('| heap per idle shard of 500, zlib'))).toBe(
      '| heap per idle shard of 500, zlib-stream | ≤ 16 KiB | 12.0 | met |',
    );
    expect(rows.find((row) => row.includes('killed sockets'))).toBe(
      '| 200 killed sockets, until all are resumed | ≤ 500 ms | – | not measured |',
    );
  });
});

describe('markers', () => {
  test('only what stands between them is replaced', () => {
    const text = 'a\n<!-- bench:one -->\nold\n<!-- /bench -->\nb\n<!-- bench:two -->\n<!-- /bench -->\nc';
    expect(replaceBlocks(text, (name) => `new ${name}`)).toBe(
      'a\n<!-- bench:one -->\nnew one\n<!-- /bench -->\nb\n<!-- bench:two -->\nnew two\n<!-- /bench -->\nc',
    );
    expect(blockNamesIn(text)).toEqual(['one', 'two']);
  });

  test('a name that there is no block of is refused', () => {
    expect(() => replaceBlocks('<!-- bench:nonsense -->\n<!-- /bench -->', () => undefined)).toThrow(
      'there is no block named nonsense',
    );
  });
});

test('the JSON keeps four digits of a figure', () => {
  const results: Results = {
    ...RESULTS,
    cases: [{ id: 'hello/ours-zlib', problem: null, samples: [{ round: 0, values: { ms: 1.234_567 } }] }],
  };
  const read = JSON.parse(toJson(results)) as Results;
  expect(read.cases[0]?.samples[0]?.values).toEqual({ ms: 1.235 });
});

describe('what is published', () => {
  test('the documents name every block between them', () => {
    const named = DOCUMENTS.flatMap((file) => blockNamesIn(readFileSync(file, 'utf8')));
    expect(named.toSorted()).toEqual(Object.keys(BLOCKS).toSorted());
  });

  test.each(DOCUMENTS.map((file) => [file.replace(/.*\//, ''), file]))(
    '%s shows the figures of bench/results/latest.json',
    (_name, file) => {
      expect(existsSync(LATEST)).toBe(true);
      const text = readFileSync(file, 'utf8');
      expect(text).toBe(documentWith(text, readResults(LATEST)));
    },
  );
});
