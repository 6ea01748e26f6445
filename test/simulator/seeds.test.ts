/** Runs the simulator on fixed seeds: some tens of virtual hours. `npm run sim` runs more. */
import { expect, test } from 'vitest';
import { failureText } from '../../simulator/report.ts';
import { runSeed } from '../../simulator/run-seed.ts';

test.each(Array.from({ length: 12 }, (_, n) => n + 1))(
  'the simulation of seed %i violates no check',
  async (seed) => {
    expect(failureText(await runSeed(seed))).toBe('');
  },
  120_000,
);
