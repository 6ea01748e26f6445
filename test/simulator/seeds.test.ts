/** Some hundred hours of simulated life, from seeds that stay the same. `npm run sim` goes on from where this ends. */
import { expect, it } from 'vitest';
import { failureOf } from '../../simulator/failure-of.ts';

it.each(Array.from({ length: 70 }, (_, n) => n + 1))(
  'no check is violated in the world of seed %i',
  async (seed) => {
    expect(await failureOf(seed)).toBe('');
  },
  120_000,
);
