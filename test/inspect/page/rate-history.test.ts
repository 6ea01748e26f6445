import { describe, expect, test } from 'vitest';
import { ShardRates } from '../../../src/inspect/page/model/rate-history.ts';

const START = 1_000_000;

describe('The rates of a shard', () => {
  test('have a bin for each two seconds, and none where nothing was measured', () => {
    const rates = new ShardRates();
    rates.add(START, 10);
    rates.add(START + 1_000, 12.34);
    rates.add(START + 6_000, 5);
    expect(rates.history).toEqual({ from: START, binMs: 2_000, perSecond: [12.3, null, null, 5] });
  });

  test('are kept for half an hour, however long the page is open', () => {
    const rates = new ShardRates();
    for (let at = START; at < START + 7_200_000; at += 2_000) rates.add(at, at);
    const { from, perSecond } = rates.history;
    expect(from).toBe(START + 7_200_000 - 1_800_000);
    expect(perSecond).toHaveLength(900);
    expect(perSecond).not.toContain(null);
  });

  test('begin anew after a time longer than that', () => {
    const rates = new ShardRates();
    rates.add(START, 1);
    rates.add(START + 36_000_000, 2);
    expect(rates.history).toEqual({ from: START + 36_000_000, binMs: 2_000, perSecond: [2] });
  });

  test('are none before the first', () => {
    expect(new ShardRates().history.perSecond).toEqual([]);
  });
});
