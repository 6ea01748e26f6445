/** Which failures of one shard are those of all. */
import type { GatewayErrorCode } from '../protocol/errors.ts';

/** Nothing about these is the shard's own. */
const SHARED_CODES: ReadonlySet<GatewayErrorCode> = new Set([
  'AUTHENTICATION_FAILED',
  'INVALID_API_VERSION',
  'INVALID_INTENTS',
  'DISALLOWED_INTENTS',
]);

/** These are about the shard count: of all, unless Discord has accepted it from another shard. */
const SHARD_COUNT_CODES: ReadonlySet<GatewayErrorCode> = new Set(['INVALID_SHARD', 'SHARDING_REQUIRED']);

export const isSharedFailure = (code: GatewayErrorCode, wasCountAccepted: boolean): boolean =>
  SHARED_CODES.has(code) || (SHARD_COUNT_CODES.has(code) && !wasCountAccepted);
