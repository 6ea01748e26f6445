/** The final check of every test with an oracle. */
import { expect } from 'vitest';
import type { Complaint, OracleRule } from '../../src/testing/index.ts';

/** Fails if there is a complaint about a rule other than those that the test allows the client to break. */
export function expectNoViolations(complaints: readonly Complaint[], allowed: readonly OracleRule[]): void {
  expect(complaints.filter(({ rule }) => !allowed.includes(rule))).toEqual([]);
}
