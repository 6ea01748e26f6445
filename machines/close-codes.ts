/**
 * What each WebSocket close code means for the life of a shard: one table, no branches elsewhere.
 * @see https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes
 */
import type { FatalCode, LifecycleFault } from './shard/events.ts';
import type { Pause } from './timing.ts';

/** `resume` keeps the session, `identify` starts a new one, `fail` stops for good. */
export type CloseAction = 'resume' | 'identify' | 'fail';

export interface ClosePolicy {
  readonly name: string;
  readonly action: CloseAction;
  readonly hint: string;
  /** The error of a code that is fatal. */
  readonly fatal?: FatalCode;
  /** A trouble worth telling although it is survived. */
  readonly fault?: LifecycleFault;
  /** How long to wait before the next attempt, where it is not the ordinary backoff. */
  readonly pause?: Pause;
}

const RESUMES_HINT = 'Nothing to do: the shard resumes.';
const NEW_SESSION_HINT = 'Nothing to do: the shard starts a new session.';

export const CLOSE_CODES: Readonly<Record<number, ClosePolicy>> = {
  1000: { name: 'normal closure', action: 'resume', hint: RESUMES_HINT },
  1001: { name: 'going away', action: 'resume', hint: RESUMES_HINT },
  1005: { name: 'no close code', action: 'resume', hint: RESUMES_HINT },
  1006: { name: 'abnormal closure', action: 'resume', hint: RESUMES_HINT },
  4000: { name: 'unknown error', action: 'resume', hint: RESUMES_HINT },
  4001: { name: 'unknown opcode', action: 'resume', hint: RESUMES_HINT },
  4002: { name: 'decode error', action: 'resume', hint: RESUMES_HINT },
  4003: { name: 'not authenticated', action: 'identify', hint: NEW_SESSION_HINT },
  4004: { name: 'authentication failed', action: 'fail', fatal: 'AUTHENTICATION_FAILED', hint: 'Check the bot token.' },
  4005: { name: 'already authenticated', action: 'resume', hint: RESUMES_HINT },
  4007: { name: 'invalid seq', action: 'identify', hint: NEW_SESSION_HINT },
  4008: {
    name: 'rate limited',
    action: 'resume',
    hint: 'The shard resumes after a longer wait; please report it.',
    fault: 'RATE_LIMITED',
    pause: 'rateLimited',
  },
  4009: { name: 'session timed out', action: 'identify', hint: NEW_SESSION_HINT },
  4010: { name: 'invalid shard', action: 'fail', fatal: 'INVALID_SHARD', hint: 'Check shardId and shardCount.' },
  4011: { name: 'sharding required', action: 'fail', fatal: 'SHARDING_REQUIRED', hint: 'Raise shardCount.' },
  4012: { name: 'invalid API version', action: 'fail', fatal: 'INVALID_API_VERSION', hint: 'Use version 10.' },
  4013: { name: 'invalid intents', action: 'fail', fatal: 'INVALID_INTENTS', hint: 'Check the intents bit field.' },
  4014: {
    name: 'disallowed intents',
    action: 'fail',
    fatal: 'DISALLOWED_INTENTS',
    hint: 'Enable the privileged intents in the Developer Portal.',
  },
};

const UNKNOWN_CODE: ClosePolicy = { name: 'unknown close code', action: 'resume', hint: RESUMES_HINT };

/** The policy for a close code; a code Discord does not list is survived with RESUME. */
export const closePolicy = (code: number): ClosePolicy => CLOSE_CODES[code] ?? UNKNOWN_CODE;
