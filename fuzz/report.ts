/** The texts that `npm run fuzz` prints. */
import { describeSeed } from './pool.ts';
import type { SeedOutcome } from './pool.ts';

export interface Totals {
  seeds: number;
  managers: number;
  steps: number;
  dispatches: number;
  brokenMessages: number;
  violations: number;
}

export const noTotals = (): Totals => ({
  seeds: 0,
  managers: 0,
  steps: 0,
  dispatches: 0,
  brokenMessages: 0,
  violations: 0,
});

export function addOutcome(totals: Totals, { result, violation }: SeedOutcome): void {
  totals.seeds += 1;
  if (violation !== null) totals.violations += 1;
  if (result === null) return;
  if (result.setting.workers !== null) totals.managers += 1;
  totals.steps += result.steps.length;
  totals.dispatches += result.dispatches;
  totals.brokenMessages += result.brokenMessages;
}

const number = (value: number): string => value.toLocaleString('en-US');

export const totalsText = ({ seeds, managers, steps, dispatches, brokenMessages, violations }: Totals): string =>
  [
    `${number(seeds)} cases (${number(managers)} with threads)`,
    `${number(steps)} steps`,
    `${number(dispatches)} dispatches compared`,
    `${number(brokenMessages)} connections broken`,
    violations === 0 ? 'no violation' : `${number(violations)} violations`,
  ].join(' · ');

/** Returns a violation as text, with the commands that repeat it; empty without a violation. */
export function failureText({ seed, codec, violation, shortest, result }: SeedOutcome): string {
  if (violation === null) return '';
  const repeat = `npm run fuzz -- --seed ${seed} --codec ${codec}`;
  const step = result?.steps.find(({ index }) => index === result.failedAt);
  return [
    `Seed ${seed} fails: ${violation.replaceAll('\n', '\n  ')}`,
    `  ${describeSeed(seed)}, codec ${codec}${step === undefined ? '' : `; at step ${step.index}, ${step.kind}`}`,
    `  Repeat the whole case:    ${repeat} --cases 1`,
    ...(shortest === null
      ? []
      : [`  Repeat the shortest case: ${repeat} --cases 1 --steps ${shortest.join(',') || 'none'}`]),
  ].join('\n');
}
