/**
 * A gateway session: what RESUME needs, as plain data that can be stored and given to another process.
 * @see https://discord.com/developers/docs/events/gateway#resuming
 */
import { GatewayError } from '../protocol/errors.ts';
import { isWebSocketUrl } from '../protocol/gateway-url.ts';

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

const isIndex = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

const invalidSession = (what: string): GatewayError => new GatewayError('INVALID_SESSION', `not a session: ${what}`);

/**
 * Checks something that claims to be a session, and copies just the fields of one.
 * @throws {@link GatewayError} `INVALID_SESSION`, naming the field.
 */
export function parseSession(value: unknown): Session {
  if (typeof value !== 'object' || value === null) throw invalidSession('expected an object');
  const { sessionId, resumeUrl, sequence, shardId, shardCount } = value as Record<string, unknown>;
  if (typeof sessionId !== 'string' || sessionId === '') throw invalidSession('sessionId must be a non-empty string');
  if (!isWebSocketUrl(resumeUrl)) throw invalidSession('resumeUrl must be a ws:// or wss:// URL');
  if (!isIndex(sequence)) throw invalidSession('sequence must be a non-negative integer');
  if (!isIndex(shardId)) throw invalidSession('shardId must be a non-negative integer');
  if (!isIndex(shardCount) || shardCount <= shardId)
    throw invalidSession('shardCount must be an integer above shardId');
  return { sessionId, resumeUrl, sequence, shardId, shardCount };
}
