/** The option `timing`: its validation and defaults. */
import { DEFAULT_TIMING } from '../../machines/index.ts';
import type { ShardTiming } from '../../machines/index.ts';
import { assertOption, describeValue, isPositiveInteger, isTimeout } from '../protocol/validation.ts';

const isTimeoutOrZero = (value: unknown): boolean => value === 0 || isTimeout(value);

const isTimeoutOrNull = (value: unknown): boolean => value === null || isTimeout(value);

const TIMING_VALIDATORS: Readonly<Record<keyof ShardTiming, (value: unknown) => boolean>> = {
  connectTimeoutMs: isTimeout,
  claimTimeoutMs: isTimeoutOrZero,
  helloTimeoutMs: isTimeout,
  resumedTimeoutMs: isTimeout,
  readyPatienceMs: isTimeout,
  closeTimeoutMs: isTimeout,
  stableAfterMs: isTimeout,
  backoffBaseMs: isTimeout,
  backoffCapMs: isTimeout,
  invalidSessionWaitMs: (value) =>
    Array.isArray(value) && value.length === 2 && value.every(isTimeoutOrZero) && Number(value[0]) <= Number(value[1]),
  maxResumeAttempts: isPositiveInteger,
  maxDispatchSilenceMs: isTimeoutOrNull,
  slowListenerMs: isTimeoutOrNull,
  slowHandlerMs: isTimeoutOrNull,
};

/** @throws {@link GatewayError} `INVALID_OPTIONS`, naming the time. */
export function resolveTiming(timing: Partial<ShardTiming> = {}): ShardTiming {
  const entries = Object.entries(timing).filter(([, value]) => value !== undefined);
  for (const [name, value] of entries) {
    const isValid = (TIMING_VALIDATORS as Record<string, ((value: unknown) => boolean) | undefined>)[name];
    assertOption(
      isValid !== undefined,
      `timing.${name} does not exist; use ${Object.keys(TIMING_VALIDATORS).join(', ')}`,
    );
    assertOption(isValid?.(value) === true, `timing.${name} has an invalid value: ${describeValue(value)}`);
  }
  return entries.length === 0 ? DEFAULT_TIMING : { ...DEFAULT_TIMING, ...Object.fromEntries(entries) };
}
