/** More seeds, in a second file so that they run on a second core. */
import { expect, test } from 'vitest';
import { failureText } from '../../simulator/report.ts';
import { runSeed } from '../../simulator/run-seed.ts';

test.each(Array.from({ length: 12 }, (_, n) => n + 13))(
  'the simulation of seed %i violates no check',
  async (seed) => {
    expect(failureText(await runSeed(seed))).toBe('');
  },
  120_000,
);
