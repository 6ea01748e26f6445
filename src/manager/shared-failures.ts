/** Decides which failures of one shard concern all shards. */
import type { GatewayErrorCode } from '../protocol/errors.ts';

/** Their cause is the same for every shard. */
const SHARED_CODES: ReadonlySet<GatewayErrorCode> = new Set([
  'AUTHENTICATION_FAILED',
  'INVALID_API_VERSION',
  'INVALID_INTENTS',
  'DISALLOWED_INTENTS',
]);

/** These are about the shard count. They concern all shards, unless Discord has accepted the count of another shard. */
const SHARD_COUNT_CODES: ReadonlySet<GatewayErrorCode> = new Set(['INVALID_SHARD', 'SHARDING_REQUIRED']);

export const isSharedFailure = (code: GatewayErrorCode, wasCountAccepted: boolean): boolean =>
  SHARED_CODES.has(code) || (SHARD_COUNT_CODES.has(code) && !wasCountAccepted);
