/** The processes of the fuzzer: each seed has one outcome, also when its process dies or blocks. */
import { describe, expect, test } from 'vitest';
import { CODECS, codecOf, runSeeds } from '../../fuzz/pool.ts';
import type { Codec, SeedOutcome } from '../../fuzz/pool.ts';
import { failureText } from '../../fuzz/report.ts';
import { settingOf } from '../../fuzz/setting.ts';

const FAULTY_LANE = new URL('faulty-lane.ts', import.meta.url);

interface Run {
  readonly codecs?: readonly Codec[];
  readonly cases: number;
  readonly firstSeed: number;
  readonly entry?: URL;
  readonly silenceMs?: number;
}

async function outcomesOf({ codecs = ['native'], cases, ...options }: Run): Promise<SeedOutcome[]> {
  const outcomes: SeedOutcome[] = [];
  await runSeeds({
    codecs,
    only: null,
    cases,
    shouldContinue: () => true,
    onOutcome: (outcome) => outcomes.push(outcome),
    ...options,
  });
  return outcomes;
}

describe('runSeeds()', () => {
  test('runs a manager with threads and a shard, in a process for each codec', async () => {
    const outcomes = await outcomesOf({ codecs: CODECS, cases: 2, firstSeed: 12 });
    expect(outcomes.map(({ violation }) => violation)).toEqual([null, null]);
    expect(new Set(outcomes.map(({ codec }) => codec)).size).toBe(2);
    expect(outcomes.every(({ result }) => (result?.dispatches ?? 0) > 0)).toBe(true);
  });

  test('ends before the next seed when it should not continue', async () => {
    let asked = 0;
    const outcomes: SeedOutcome[] = [];
    await runSeeds({
      codecs: ['native'],
      firstSeed: 1,
      cases: Number.POSITIVE_INFINITY,
      only: [],
      shouldContinue: () => (asked += 1) <= 1,
      onOutcome: (outcome) => outcomes.push(outcome),
    });
    expect(outcomes.map(({ seed }) => seed)).toEqual([1]);
  });

  test('reports a process that ends, and goes on with the next seed in another', async () => {
    const outcomes = await outcomesOf({ cases: 3, firstSeed: 1, entry: FAULTY_LANE, silenceMs: 3_000 });
    expect(outcomes.map(({ seed, violation }) => [seed, violation])).toEqual([
      [1, 'the process ended with exit code 7'],
      [2, 'the process said nothing for 3 s'],
      [3, 'the process ended with SIGKILL'],
    ]);
  });
});

const isNative = (seed: number): boolean => codecOf(seed, CODECS) === 'native';

describe('codecOf()', () => {
  test('follows from the seed, and gives both codecs half of all seeds and of the managers', () => {
    const seeds = Array.from({ length: 240 }, (_, index) => index + 1);
    expect(seeds.filter(isNative).length).toBe(120);
    const managers = seeds.filter((seed) => settingOf(seed).workers !== null);
    expect(managers.filter(isNative).length).toBe(managers.length / 2);
  });
});

describe('failureText()', () => {
  test('names the seed, what is wrong, and the commands that repeat it', () => {
    const text = failureText({ seed: 5, codec: 'stream', violation: 'lost', shortest: [3, 17], result: null });
    expect(text.split('\n').map((line) => line.trim())).toEqual([
      'Seed 5 fails: lost',
      expect.stringMatching(/^one shard, compression .*, codec stream$/),
      'Repeat the whole case:    npm run fuzz -- --seed 5 --codec stream --cases 1',
      'Repeat the shortest case: npm run fuzz -- --seed 5 --codec stream --cases 1 --steps 3,17',
    ]);
  });
});
