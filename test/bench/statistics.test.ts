import { array, assert, double, property } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gaps, quantile, ratios, spreadOf, summarize } from '../../bench/statistics.ts';

describe('summarize', () => {
  test.each([
    [[3], 3, 3, 3],
    [[1, 2], 1.25, 1.5, 1.75],
    [[5, 1, 3], 2, 3, 4],
    [[4, 1, 3, 2, 5], 2, 3, 4],
    [[10, 20, 30, 40], 17.5, 25, 32.5],
  ])('of %j returns the quartiles and median %d, %d and %d', (values, low, median, high) => {
    expect(summarize(values)).toEqual({ low, median, high, count: values.length });
  });

  test('without values returns NaN', () => {
    expect(summarize([])).toEqual({ low: Number.NaN, median: Number.NaN, high: Number.NaN, count: 0 });
  });

  test('returns a median that one slow round does not change', () => {
    expect(summarize([1, 1, 1, 1, 100]).median).toBe(1);
  });
});

test('quantiles are ordered, lie between min and max, and ignore the order of the values', () => {
  const values = array(double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }), { minLength: 1 });
  assert(
    property(values, double({ min: 0, max: 1, noNaN: true }), double({ min: 0, max: 1, noNaN: true }), (all, p, q) => {
      const [low, high] = [Math.min(p, q), Math.max(p, q)];
      expect(quantile(all, 0)).toBe(quantile(all.toReversed(), 0));
      expect(quantile(all, low)).toBeGreaterThanOrEqual(Math.min(...all) - 1e-6);
      expect(quantile(all, high)).toBeLessThanOrEqual(Math.max(...all) + 1e-6);
      expect(quantile(all, low)).toBeLessThanOrEqual(quantile(all, high) + 1e-6);
    }),
  );
});

test('spreadOf returns how far the quartiles are apart, as a part of the median', () => {
  expect(spreadOf([8, 9, 10, 11, 12])).toBeCloseTo(0.2);
  expect(spreadOf([1, 100])).toBe(0);
});

test('ratios divides within a round, and skips rounds without both values', () => {
  const floor = new Map([
    [0, 10],
    [1, 20],
    [3, 0],
  ]);
  const ours = new Map([
    [0, 15],
    [1, 22],
    [2, 99],
    [3, 99],
  ]);
  expect(ratios(ours, floor)).toEqual([1.5, 1.1]);
});

test('gaps returns the difference of each value to the next', () => {
  expect(gaps([5, 6, 9])).toEqual([1, 3]);
  expect(gaps([5])).toEqual([]);
});
