/** What goes wrong in the world of a manager, besides what does in that of a shard. */
import { MINUTE, conditionFault } from '../faults.ts';
import type { Fault } from '../faults.ts';
import { INVALID_BODIES } from './api.ts';

export const MANAGER_FAULTS: Readonly<Record<string, Fault>> = {
  apiFails: conditionFault('apiFails', 2, 20 * MINUTE, (random) =>
    random.pick([500, 502, 503, 408, 'no answer'] as const),
  ),
  apiLimited: conditionFault('apiLimited', 1.5, 10 * MINUTE, (random) => random.int(0, 60_000) / 1000),
  apiHangs: conditionFault('apiHangs', 1, 5 * MINUTE, () => true),
  apiUnauthorized: conditionFault('apiUnauthorized', 0.5, MINUTE, () => true),
  apiInvalidBody: conditionFault('apiInvalidBody', 0.5, MINUTE, (random) => random.pick(INVALID_BODIES)),
  countRefused: conditionFault('countRefused', 0.5, MINUTE, () => true),
};
