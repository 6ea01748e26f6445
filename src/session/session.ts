/**
 * A gateway session: what RESUME needs, as plain data that can be stored and given to another process.
 * @see https://discord.com/developers/docs/events/gateway#resuming
 */
import { GatewayError } from '../protocol/errors.ts';
import { isWebSocketUrl } from '../protocol/gateway-url.ts';
import { isCount, isObject } from '../protocol/validation.ts';

export interface Session {
  readonly sessionId: string;
  /** Where RESUME goes first, as READY gave it; no query of ours. */
  readonly resumeUrl: string;
  /** The last sequence handed out. */
  readonly sequence: number;
  readonly shardId: number;
  /** A session is only good for the shard count it was started with. */
  readonly shardCount: number;
}

const invalidSession = (what: string): GatewayError => new GatewayError('INVALID_SESSION', `not a session: ${what}`);

/**
 * Checks something that claims to be a session, and copies just the fields of one.
 * @throws {@link GatewayError} `INVALID_SESSION`, naming the field.
 */
export function parseSession(value: unknown): Session {
  if (!isObject(value)) throw invalidSession('expected an object');
  const { sessionId, resumeUrl, sequence, shardId, shardCount } = value;
  if (typeof sessionId !== 'string' || sessionId === '') throw invalidSession('sessionId must be a non-empty string');
  if (!isWebSocketUrl(resumeUrl)) throw invalidSession('resumeUrl must be a ws:// or wss:// URL');
  if (!isCount(sequence)) throw invalidSession('sequence must be a non-negative integer');
  if (!isCount(shardId)) throw invalidSession('shardId must be a non-negative integer');
  if (!isCount(shardCount) || shardCount <= shardId)
    throw invalidSession('shardCount must be an integer above shardId');
  return { sessionId, resumeUrl, sequence, shardId, shardCount };
}
