/** What every engine does, as a list of cases that need no test framework. */
import { COMMAND_CASES } from './command-cases.ts';
import { DEAD_LETTER_CASES } from './dead-letter-cases.ts';
import type { EngineCase } from './engine-case.ts';
import { FENCE_CASES } from './fence-cases.ts';
import { FORGET_CASES } from './forget-cases.ts';
import { GATE_CASES } from './gate-cases.ts';
import { GROUP_CASES } from './group-cases.ts';
import { JOURNAL_CASES } from './journal-cases.ts';
import { OUTAGE_CASES } from './outage-cases.ts';
import { OWNERSHIP_CASES } from './ownership-cases.ts';
import { PLAN_CASES } from './plan-cases.ts';
import { SUCCESSION_CASES } from './succession-cases.ts';
import { UNREAD_CASES } from './unread-cases.ts';

/**
 * The conformance suite for engines. Give each case an engine that knows nothing.
 *
 * @example
 * ```ts
 * for (const { title, run } of engineConformance) test(title, () => run(contextOf(myEngine())));
 * ```
 */
export const engineConformance: readonly EngineCase[] = [
  ...PLAN_CASES,
  ...SUCCESSION_CASES,
  ...OWNERSHIP_CASES,
  ...OUTAGE_CASES,
  ...FENCE_CASES,
  ...FORGET_CASES,
  ...JOURNAL_CASES,
  ...UNREAD_CASES,
  ...GROUP_CASES,
  ...DEAD_LETTER_CASES,
  ...COMMAND_CASES,
  ...GATE_CASES,
];
