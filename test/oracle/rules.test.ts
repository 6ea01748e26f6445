import { describe, expect, test } from 'vitest';
import { ORACLE_RULES } from '../../src/testing/index.ts';
import type { OracleRule } from '../../src/testing/index.ts';
import { FRAMES } from './cases-of-frames.ts';
import { HEARTBEATS } from './cases-of-heartbeats.ts';
import { SESSIONS } from './cases-of-sessions.ts';
import type { Cases } from './talk.ts';

const CASES = Object.entries({ ...FRAMES, ...HEARTBEATS, ...SESSIONS }) as [OracleRule, Cases][];

describe.each(CASES)('%s', (rule, { legal, illegal }) => {
  test.each(legal)('does not mind %s', (_sentence, hold) => {
    expect(hold().oracle.complaints).toEqual([]);
  });

  test.each(illegal)('is broken by %s', (_sentence, hold) => {
    expect(hold().rules).toEqual([rule]);
  });
});

test('every rule has a conversation that keeps it and one that breaks it', () => {
  expect(CASES.filter(([, { legal, illegal }]) => legal.length > 0 && illegal.length > 0).map(([rule]) => rule).toSorted()).toEqual(
    Object.keys(ORACLE_RULES).toSorted(),
  );
});
