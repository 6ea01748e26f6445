/** Finds a few steps of a case that still fail. */
import { runCase } from './run.ts';
import type { CaseOptions, CaseResult } from './run.ts';

/** No failure is worth more attempts: each may wait for a hang. */
const MAX_ATTEMPTS = 60;
/** A bot that hangs in a shorter case does so at once. */
const HANG_MS = 5_000;

/** On a busy machine every case may seem to hang, so a hang does not stand for another failure. */
const isHang = (violation: string): boolean => /waits without an end|does not settle/.test(violation);

/**
 * Leaves out ever smaller parts of the steps, as long as the case still fails. Returns the indexes of the steps that
 * are left; `null` for a case that fails no more when it is repeated.
 */
export async function shrink(result: CaseResult, options: CaseOptions = {}): Promise<readonly number[] | null> {
  const { setting, failedAt } = result;
  const budget = { attempts: MAX_ATTEMPTS };
  const fails = async (only: readonly number[]): Promise<boolean> => {
    budget.attempts -= 1;
    const { violation } = await runCase(setting.seed, { hangMs: HANG_MS, ...options, setting, only });
    return violation !== null && isHang(violation) === isHang(result.violation ?? '');
  };
  const all = result.steps.map(({ index }) => index);
  const upToFailure = all.filter((index) => failedAt === null || index <= failedAt);
  let steps = (await fails(upToFailure)) ? upToFailure : all;
  if (steps === all && !(await fails(all))) return null;
  for (let size = steps.length >> 1; size > 0; size >>= 1) {
    for (let from = 0; from < steps.length && budget.attempts > 0;) {
      const without = steps.toSpliced(from, size);
      if (await fails(without)) steps = without;
      else from += size;
    }
  }
  return steps;
}
