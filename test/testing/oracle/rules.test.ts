import { describe, expect, test } from 'vitest';
import { ORACLE_RULES } from '../../../src/testing/index.ts';
import type { OracleRule } from '../../../src/testing/index.ts';
import { FRAMES } from './frame-cases.ts';
import { HEARTBEATS } from './heartbeat-cases.ts';
import { SESSIONS } from './session-cases.ts';
import type { RuleCases } from './oracle-script.ts';

const CASES = Object.entries({ ...FRAMES, ...HEARTBEATS, ...SESSIONS }) as [OracleRule, RuleCases][];

describe.each(CASES)('the rule %s of Oracle', (rule, { legal, illegal }) => {
  test.each(legal)('accepts %s', (_title, run) => {
    expect(run().oracle.complaints).toEqual([]);
  });

  test.each(illegal)('complains about %s', (_title, run) => {
    expect(run().rules).toEqual([rule]);
  });
});

test('every rule of Oracle has a script that keeps it and one that breaks it', () => {
  expect(
    CASES.filter(([, { legal, illegal }]) => legal.length > 0 && illegal.length > 0)
      .map(([rule]) => rule)
      .toSorted(),
  ).toEqual(Object.keys(ORACLE_RULES).toSorted());
});
