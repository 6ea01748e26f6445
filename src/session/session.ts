/**
 * A gateway session: everything that RESUME needs, as plain data. It can be stored and passed to another process.
 * @see https://discord.com/developers/docs/events/gateway#resuming
 */
import { GatewayError } from '../protocol/errors.ts';
import { isWebSocketUrl } from '../protocol/gateway-url.ts';
import { isCount, isObject } from '../protocol/validation.ts';

/** A gateway session. `shard.session` returns it; the option `session` and `resume()` accept it. */
export interface Session {
  readonly sessionId: string;
  /** The URL for RESUME, as READY sent it: without the query of the connection. */
  readonly resumeUrl: string;
  /** The sequence of the last dispatch that was delivered. Discord replays the dispatches after it. */
  readonly sequence: number;
  readonly shardId: number;
  /** The shard count it was started with. Discord resumes it with this count only. */
  readonly shardCount: number;
}

const invalidSession = (reason: string): GatewayError =>
  new GatewayError('INVALID_SESSION', `not a session: ${reason}`);

/**
 * Returns a copy of a session that has the fields of {@link Session} and no others.
 * @throws {@link GatewayError} `INVALID_SESSION`, naming the field, if the value is not a session.
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
