/** The documents show the figures of the runs in bench/results, and their range rather than the best. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { rangeText } from '../../bench/markdown.ts';
import { PHRASES } from '../../bench/phrases.ts';
import { Ranges } from '../../bench/ranges.ts';
import { DOCUMENTS, blockNamesIn, documentWith, readRuns, replaceBlocks, writeRun } from '../../bench/report.ts';
import { recorded } from '../../bench/results.ts';
import type { Run } from '../../bench/results.ts';
import { BLOCKS, contentOf, reportOf } from '../../bench/tables.ts';
import { evaluateTargets } from '../../bench/targets.ts';
import type { Target } from '../../bench/targets.ts';

/** What the floor costs in three rounds. */
const FLOOR = [10, 20, 10];

/** Three rounds of a client. */
const backlog = (client: string, costs: readonly number[], isWarm = true) => ({
  id: `backlog-chat/${client}`,
  problem: null,
  isWarm,
  samples: costs.map((cpuUs, round) => {
    const overFloor = cpuUs / FLOOR[round]!;
    return { round, values: { cpuUs, overFloor, overPlain: overFloor, peakRssMiB: 80 } };
  }),
});

const runWith = (costs: readonly number[], more: Partial<Run> = {}, isWarm = true): Run => ({
  machine: {
    date: '2026-02-03',
    cpu: 'Some CPU',
    cores: 4,
    memoryGiB: 16,
    system: 'linux 6 x64',
    node: 'v24.0.0',
    loadBefore: 0.5,
    versions: { shardwright: '1.0.0', ws: '8.0.0' },
  },
  time: '04:05',
  commit: 'abc1234',
  loadAfter: 1.5,
  instructions: 'there is no perf on this machine',
  cases: [
    ...recorded([backlog('floor-plain', FLOOR), backlog('ours-plain', costs, isWarm)]),
    { id: 'backlog-usual/eris-zlib-sync', problem: 'zlib-sync is not built', isWarm: true, figures: {} },
  ],
  ...more,
});

/** The ratios of ours to the floor are 1.1 in one run, 1.2 in the next, and 1.5 in the last. */
const RUNS = [runWith([11, 22, 11]), runWith([12, 24, 12]), runWith([15, 30, 15])];
/** Half of the rounds took twice as long as the others. */
const NOISY = runWith([10, 40, 15]);

const cpu = (id: string, cpuUs: number): Run['cases'][number] => ({
  id,
  problem: null,
  isWarm: true,
  figures: { cpuUs: [cpuUs, cpuUs, cpuUs, 1] },
});

const cellOf = (runs: readonly Run[]) => new Ranges(runs).of('backlog-chat/ours-plain', 'overFloor');
const blockOf = (name: string, runs: readonly Run[] = RUNS): string =>
  contentOf(name, new Ranges(runs)) ?? 'no such block';

describe('a figure', () => {
  test('of a flight recorder is what it adds, in % of a core and of what the shard uses without', () => {
    const cases = [cpu('paced-2000/ours-zlib', 20), cpu('paced-2000/ours-zlib-recorder', 21)];
    const ranges = new Ranges([runWith(FLOOR, { cases })]);
    const texts = evaluateTargets(ranges).flatMap(({ target: { unit }, cell }) =>
      cell === null ? [] : [`${rangeText(cell)} ${unit}`],
    );
    expect(texts).toEqual(['0.20 % of a core', '5.00 % of the shard']);
  });

  test('is the middle of the runs, with their range', () => {
    expect(cellOf(RUNS)).toEqual({ middle: 1.2, low: 1.1, high: 1.5, runs: 3 });
    expect(rangeText(cellOf(RUNS))).toBe('1.20 (1.10–1.50)');
    expect(rangeText(cellOf([RUNS[0]!]))).toBe('1.10');
    expect(rangeText(cellOf([]))).toBe('–');
  });

  test('does not come from a run in which it was too noisy', () => {
    expect(cellOf([...RUNS, NOISY])).toEqual(cellOf(RUNS));
    expect(rangeText(cellOf([NOISY]))).toBe('too noisy');
  });

  test('does not come from a client whose warm-up never ended', () => {
    expect(cellOf([runWith([11, 22, 11], {}, false)])).toBe('noisy');
  });
});

describe('a block', () => {
  test('of a backlog shows the ranges of what was measured', () => {
    expect(blockOf('backlog-chat').split('\n')).toEqual([
      '|  | ÷ floor of the codec | ÷ plain floor | CPU, µs |',
      '|---|---:|---:|---:|',
      '| floor: ws + JSON.parse | 1.00 (1.00–1.00) | 1.00 (1.00–1.00) | too noisy |',
      '| shardwright: plain | 1.20 (1.10–1.50) | 1.20 (1.10–1.50) | too noisy |',
    ]);
  });

  test('lists every run with its machine, Node, commit, load and date', () => {
    expect(blockOf('runs').split('\n').slice(2, 5)).toEqual(
      RUNS.map(() => '| 2026-02-03 04:05 | Some CPU, 4 cores, 16 GiB, linux 6 x64 | 24.0.0 | abc1234 | 0.50 → 1.50 |'),
    );
  });

  test('says what was not measured, what was too noisy, and why', () => {
    expect(blockOf('storm')).toBe('Not measured yet.');
    expect(blockOf('problems', [...RUNS, NOISY]).split('\n')).toEqual([
      '- `backlog-chat/ours-plain`: too noisy in 1 of 4 runs',
      '- `backlog-usual/eris-zlib-sync`: zlib-sync is not built',
      '- CPU in instructions: there is no perf on this machine',
    ]);
  });

  test('appears in the report of a run if it has figures', () => {
    const headings = [...reportOf(new Ranges(RUNS)).matchAll(/^## ([\w-]+)$/gm)].map(([, name]) => name);
    expect(headings).toEqual(['runs', 'summary', 'targets', 'backlog-chat', 'problems']);
  });
});

test('a phrase is the range over all runs and mixes', () => {
  expect(blockOf('plain-over-floor')).toBe('1.10–1.50');
  expect(blockOf('discordjs-zlib')).toBe('–');
});

const target = (sense: Target['sense'], limit: number): Target => ({
  what: 'x',
  sense,
  limit,
  unit: '×',
  cell: (ranges) => ranges.of('backlog-chat/ours-plain', 'overFloor'),
});
const missedBy = (aim: Target) => evaluateTargets(new Ranges(RUNS), [aim])[0]?.missedBy;

describe('a target', () => {
  test('is met at its limit, and missed by the distance of the middle beyond it', () => {
    expect(missedBy(target('max', 1.2))).toBe(0);
    expect(missedBy(target('max', 1))).toBeCloseTo(0.2);
    expect(missedBy(target('min', 1.2))).toBe(0);
    expect(missedBy(target('min', 1.5))).toBeCloseTo(0.3);
  });

  test('appears in the table as met or missed with the distance, or not at all if it was not measured', () => {
    expect(blockOf('targets').split('\n').slice(2)).toEqual([
      '| chat: CPU per dispatch, plain, d read | ≤ 1.06 × floor of the codec | 1.20 (1.10–1.50) | missed by 0.14 (13.2 %) |',
    ]);
  });
});

describe('replaceBlocks', () => {
  test('replaces only the text between the markers, on lines of its own and within a line', () => {
    const text = 'a\n<!-- bench:one -->\nold\n<!-- /bench -->\nb <!-- bench:two -->old<!-- /bench --> c';
    expect(replaceBlocks(text, (name) => `new ${name}`)).toBe(
      'a\n<!-- bench:one -->\nnew one\n<!-- /bench -->\nb <!-- bench:two -->new two<!-- /bench --> c',
    );
    expect(blockNamesIn(text)).toEqual(['one', 'two']);
  });

  test('throws for an unknown block', () => {
    expect(() => replaceBlocks('<!-- bench:nonsense -->\n<!-- /bench -->', () => undefined)).toThrow(
      'there is no block named nonsense',
    );
  });
});

test('runs are files of their own, with four digits, and are read in the order of their dates', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bench-runs-'));
  try {
    expect(readRuns(folder)).toEqual([]);
    const late = runWith([11, 22, 11], { time: '23:59' });
    expect(basename(writeRun(late, folder))).toBe('2026-02-03T2359Z.json');
    writeRun(runWith([10 / 3, 20 / 3, 10 / 3]), folder);
    const [first, second] = readRuns(folder);
    expect(first?.cases[1]?.figures['overFloor']).toEqual([0.3333, 0.3333, 0.3333, 3]);
    expect(second).toEqual(late);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

describe('the documents', () => {
  const texts = DOCUMENTS.map((file) => [basename(file), readFileSync(file, 'utf8')] as const);

  test('have every table once, and every phrase', () => {
    const names = texts.flatMap(([, text]) => blockNamesIn(text));
    expect(names.filter((name) => name in BLOCKS).toSorted()).toEqual(Object.keys(BLOCKS).toSorted());
    expect(new Set(names.filter((name) => name in PHRASES))).toEqual(new Set(Object.keys(PHRASES)));
  });

  test.each(texts)('%s shows the figures of bench/results/runs', (_name, text) => {
    expect(text).toBe(documentWith(text, readRuns()));
  });
});
