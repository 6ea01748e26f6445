import { describe, expect, test } from 'vitest';
import { inspectIdentifyGate } from '../../src/identify/identify-gate.ts';
import type { IdentifyGate } from '../../src/identify/identify-gate.ts';

const budget = { total: 10, remaining: 7, resetAfterMs: 1_000 };

const gateWith = (members: Partial<IdentifyGate>): IdentifyGate => ({
  acquire: () => Promise.reject(new Error('not used')),
  ...members,
});

describe('inspectIdentifyGate()', () => {
  test('returns the queue length with the budget', () => {
    expect(inspectIdentifyGate(gateWith({ waiting: 0, budget }))).toEqual({ waiting: 0, ...budget });
  });

  test.each<[string, Partial<IdentifyGate>]>([
    ['a queue length', { budget }],
    ['a budget', { waiting: 2 }],
    ['a known budget', { waiting: 2, budget: null }],
    ['both', {}],
  ])('returns null for a gate without %s', (_what, members) => {
    expect(inspectIdentifyGate(gateWith(members))).toBeNull();
  });
});
