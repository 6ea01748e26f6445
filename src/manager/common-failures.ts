/** Which failures of one shard are those of all. */
import type { GatewayErrorCode } from '../protocol/errors.ts';

/** Nothing about these is the shard's own. */
const OF_ALL: ReadonlySet<GatewayErrorCode> = new Set([
  'AUTHENTICATION_FAILED', 'INVALID_API_VERSION', 'INVALID_INTENTS', 'DISALLOWED_INTENTS',
]);

/** These are about the shard count: of all, unless Discord has accepted it from another shard. */
const OF_COUNT: ReadonlySet<GatewayErrorCode> = new Set(['INVALID_SHARD', 'SHARDING_REQUIRED']);

export const isCommon = (code: GatewayErrorCode, wasCountAccepted: boolean): boolean =>
  OF_ALL.has(code) || (OF_COUNT.has(code) && !wasCountAccepted);
