/** Reads the packets that drive the lifecycle. Tolerant, because gateways other than Discord's leave fields out. */
import type { SessionIdentity } from '../../machines/index.ts';
import { isWebSocketUrl } from './gateway-url.ts';
import { fieldsOf } from './validation.ts';

/**
 * Returns the heartbeat interval of HELLO in ms, or `NaN` if it has none.
 * @see https://discord.com/developers/docs/events/gateway-events#hello
 */
export function heartbeatIntervalOf(d: unknown): number {
  const value = fieldsOf(d)['heartbeat_interval'];
  return typeof value === 'number' ? value : Number.NaN;
}

/**
 * Returns the session of READY, or `null` if it has no session id. Without a resume URL, RESUME uses the main URL.
 * @see https://discord.com/developers/docs/events/gateway-events#ready
 */
export function sessionOf(d: unknown, mainUrl: string): SessionIdentity | null {
  const { session_id: sessionId, resume_gateway_url: url } = fieldsOf(d);
  if (typeof sessionId !== 'string' || sessionId === '') return null;
  return { sessionId, resumeUrl: isWebSocketUrl(url) ? url : mainUrl };
}

/** Returns the fields of RATE_LIMITED. @see https://discord.com/developers/docs/events/gateway-events#rate-limited */
export function rateLimitOf(d: unknown): { opcode: number; retryAfter: number; guildId?: string; nonce?: string } {
  const { opcode, retry_after: retryAfter, meta } = fieldsOf(d);
  const { guild_id: guildId, nonce } = fieldsOf(meta);
  return {
    opcode: typeof opcode === 'number' ? opcode : -1,
    retryAfter: typeof retryAfter === 'number' && retryAfter >= 0 ? retryAfter : 0,
    ...(typeof guildId === 'string' ? { guildId } : {}),
    ...(typeof nonce === 'string' ? { nonce } : {}),
  };
}
