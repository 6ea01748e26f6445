/** What goes wrong in the world of a manager, besides what does in that of a shard. */
import { MINUTE, turn } from '../faults.ts';
import type { Fault } from '../faults.ts';
import { NONSENSE } from './api.ts';

export const FLEET_FAULTS: Readonly<Record<string, Fault>> = {
  apiFails: turn('apiFails', 2, 20 * MINUTE, (dice) => dice.pick([500, 502, 503, 408, 'no answer'] as const)),
  apiLimited: turn('apiLimited', 1.5, 10 * MINUTE, (dice) => dice.int(0, 60_000) / 1000),
  apiHangs: turn('apiHangs', 1, 5 * MINUTE, () => true),
  apiUnauthorized: turn('apiUnauthorized', 0.5, MINUTE, () => true),
  apiNonsense: turn('apiNonsense', 0.5, MINUTE, (dice) => dice.pick(NONSENSE)),
  countRefused: turn('countRefused', 0.5, MINUTE, () => true),
};
