import { describe, expect, test } from 'vitest';
import { allowedCores, numbersIn } from '../../bench/affinity.ts';

describe('numbersIn', () => {
  test.each([
    ['0', [0]],
    ['0-3', [0, 1, 2, 3]],
    ['0-1,4,6-7\n', [0, 1, 4, 6, 7]],
    ['', []],
    ['all', []],
  ])('reads the list %j of Linux as %j', (list, numbers) => {
    expect(numbersIn(list)).toEqual(numbers);
  });
});

test('allowedCores returns the cores that this process may use, on Linux', () => {
  const cores = allowedCores();
  expect(cores.length > 0).toBe(process.platform === 'linux');
  expect(cores.every((core) => Number.isInteger(core) && core >= 0)).toBe(true);
});
