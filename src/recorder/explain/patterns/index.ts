/** All patterns. A new one is a file and a row. */
import { awayTooLong } from './away-too-long.ts';
import { blockedLoop } from './blocked-loop.ts';
import { burnedStarts } from './burned-starts.ts';
import type { PatternRule } from './pattern-rule.ts';
import { regularCuts } from './regular-cuts.ts';
import { twoProcesses } from './two-processes.ts';

export const PATTERN_RULES: readonly PatternRule[] = [
  blockedLoop,
  burnedStarts,
  regularCuts,
  awayTooLong,
  twoProcesses,
];
