import { expect, test } from 'vitest';
import { constantMutants, mutated } from '../../scripts/mutants/constants.ts';

const CODE = `const LIMIT = 1_000;
export const WAIT_MS = 6 * 3_600_000;
export const DEFAULTS = {
  backoffMs: 500,
  waitMs: [1, 2],
};
const other = 5;
`;

test.each([
  ['src/a.ts LIMIT: doubled', 'const LIMIT = ((1_000) * 2);'],
  ['src/a.ts WAIT_MS: halved', 'export const WAIT_MS = ((6 * 3_600_000) / 2);'],
  ['src/a.ts backoffMs: halved', '  backoffMs: ((500) / 2),'],
])('the mutant "%s" changes that number and nothing else', (id, line) => {
  const lines = mutated('src/a.ts', CODE, id)?.split('\n') ?? [];
  const before = CODE.split('\n');
  expect(lines.filter((each, index) => each !== before[index])).toEqual([line]);
});

test.each(['src/b.ts LIMIT: doubled', 'src/a.ts other: doubled', ''])('the mutant "%s" is not in this file', (id) => {
  expect(mutated('src/a.ts', CODE, id)).toBeUndefined();
});

test('each number with a name has two mutants, with names of their own', () => {
  const ids = constantMutants().map(({ id }) => id);
  expect(ids).toEqual([...new Set(ids)]);
  expect(ids).toEqual(
    expect.arrayContaining([
      'machines/timing.ts backoffBaseMs: doubled',
      'src/connection/send-limiter.ts FRAMES: halved',
    ]),
  );
});
