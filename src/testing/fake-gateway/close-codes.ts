/**
 * The close codes of the gateway, each with the reason in the close frame.
 * @see https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes
 */
export const CLOSE_REASONS = {
  4001: 'Unknown opcode.',
  4002: 'Error while decoding payload.',
  4003: 'Not authenticated.',
  4004: 'Authentication failed.',
  4005: 'Already authenticated.',
  4007: 'Invalid seq.',
  4008: 'Rate limited.',
  4009: 'Session timed out.',
  4010: 'Invalid shard.',
  4011: 'Sharding required.',
  4012: 'Invalid API version.',
  4013: 'Invalid intent(s).',
  4014: 'Disallowed intent(s).',
} as const;

/** A close code that the gateway uses for a violation. */
export type RejectCode = keyof typeof CLOSE_REASONS;

/** A gateway that closes with one of these ends the session: Discord documents that the client must start a new one. */
export const SESSION_ENDING_CLOSES: ReadonlySet<number> = new Set([4003, 4007, 4009]);

/**
 * A client that closes with one of these ends its session.
 * @see https://discord.com/developers/docs/events/gateway#initiating-a-disconnect
 */
export const SESSION_ENDING_CLIENT_CLOSES: ReadonlySet<number> = new Set([1000, 1001]);
