/** Checks the option `startGuard` and fills in its defaults. */
import { DEFAULT_START_GUARD } from '../identify/start-guard.ts';
import type { StartGuardPolicy } from '../identify/start-guard.ts';
import { assertOption, describeValue, isCount, isObject, isTimeout } from '../protocol/validation.ts';

const VALIDATORS: Readonly<Record<keyof StartGuardPolicy, (value: unknown) => boolean>> = {
  freeStarts: isCount,
  windowMs: isTimeout,
  minWaitMs: isTimeout,
  maxWaitMs: isTimeout,
};

/** Returns `null` if the guard is off. */
export function resolveStartGuard(startGuard?: false | Partial<StartGuardPolicy>): StartGuardPolicy | null {
  if (startGuard === undefined) return DEFAULT_START_GUARD;
  if (startGuard === false) return null;
  assertOption(isObject(startGuard), 'startGuard must be false or an object');
  for (const [name, isValid] of Object.entries(VALIDATORS)) {
    const value: unknown = Reflect.get(startGuard, name);
    assertOption(
      value === undefined || isValid(value),
      `startGuard.${name} has an invalid value: ${describeValue(value)}`,
    );
  }
  const unknown = Object.keys(startGuard).find((name) => !Object.hasOwn(VALIDATORS, name));
  assertOption(
    unknown === undefined,
    `startGuard.${unknown ?? ''} does not exist; use ${Object.keys(VALIDATORS).join(', ')}`,
  );
  const given = Object.entries(startGuard).filter(([, value]) => value !== undefined);
  return { ...DEFAULT_START_GUARD, ...Object.fromEntries(given) };
}
