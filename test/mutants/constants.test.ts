import { describe, expect, test } from 'vitest';
import { constantMutants, mutated } from '../../scripts/mutants/constants.ts';

const CODE = `const LIMIT = 1_000;
export const WAIT_MS = 6 * 3_600_000;
export const DEFAULTS = {
  backoffMs: 500,
  waitMs: [1, 2],
};
const other = 5;
`;

describe('a mutant of a constant', () => {
  test.each([
    ['src/a.ts LIMIT: doubled', 'const LIMIT = ((1_000) * 2);'],
    ['src/a.ts WAIT_MS: halved', 'export const WAIT_MS = ((6 * 3_600_000) / 2);'],
    ['src/a.ts backoffMs: halved', '  backoffMs: ((500) / 2),'],
  ])('"%s" changes only that number', (id, line) => {
    const lines = mutated('src/a.ts', CODE, id)?.split('\n') ?? [];
    const before = CODE.split('\n');
    expect(lines.filter((each, index) => each !== before[index])).toEqual([line]);
  });

  test.each(['src/b.ts LIMIT: doubled', 'src/a.ts other: doubled', ''])(
    '"%s" does not change a file that has no such constant',
    (id) => {
      expect(mutated('src/a.ts', CODE, id)).toBeUndefined();
    },
  );

  test('has an id that no other mutant has', () => {
    const ids = constantMutants().map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)]);
  });

  test('exists for the constants of machines and connections', () => {
    const ids = constantMutants().map(({ id }) => id);
    expect(ids).toEqual(
      expect.arrayContaining([
        'machines/timing.ts backoffBaseMs: doubled',
        'src/connection/send-limiter.ts FRAMES: halved',
      ]),
    );
  });
});
