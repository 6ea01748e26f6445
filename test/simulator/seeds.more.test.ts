/** More seeds, in a file of their own for the sake of the second core. */
import { expect, it } from 'vitest';
import { failureOf } from '../../simulator/failure-of.ts';

it.each(Array.from({ length: 70 }, (_, n) => n + 71))(
  'no check is violated in the world of seed %i',
  async (seed) => {
    expect(await failureOf(seed)).toBe('');
  },
  120_000,
);
