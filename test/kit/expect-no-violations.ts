/** What every test with an oracle demands in the end. */
import { expect } from 'vitest';
import type { Complaint, OracleRule } from '../../src/testing/index.ts';

/** There is no complaint but of the rules the test has the client break. */
export function expectNoViolations(complaints: readonly Complaint[], broken: readonly OracleRule[]): void {
  expect(complaints.filter(({ rule }) => !broken.includes(rule))).toEqual([]);
}
