/**
 * What a shard does after each WebSocket close code. The whole policy is this table: a new code is a new row.
 * @see https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes
 */
import type { FatalCode, LifecycleFault } from './shard/events.ts';
import type { Pause } from './timing.ts';

/** `resume` keeps the session, `identify` starts a new one, `fail` stops the shard for good. */
export type CloseAction = 'resume' | 'identify' | 'fail';

/** What a shard does after a close code. */
export interface ClosePolicy {
  /** Discord's name of the code. The reason of the loss where the gateway sent none. */
  readonly name: string;
  readonly action: CloseAction;
  /** What you can do about it. */
  readonly hint: string;
  /** The error code that `connect()` rejects with. Set for the action `fail`. */
  readonly fatal?: FatalCode;
  /** The fault that the shard emits, although it reconnects. */
  readonly fault?: LifecycleFault;
  /**
   * Which wait comes before the next attempt.
   * @defaultValue `'backoff'`
   */
  readonly pause?: Pause;
}

const RESUMES_HINT = 'Nothing to do: the shard resumes its session.';
const NEW_SESSION_HINT = 'Nothing to do: the shard starts a new session.';
const REFUSED_HINT = 'Compare what you sent with the documentation of Discord. The shard resumes its session.';

/** The policy of each close code that Discord documents, and of the common ones of WebSocket. */
export const CLOSE_CODES: Readonly<Record<number, ClosePolicy>> = {
  1000: { name: 'normal closure', action: 'resume', hint: RESUMES_HINT },
  1001: { name: 'going away', action: 'resume', hint: RESUMES_HINT },
  1005: { name: 'no close code', action: 'resume', hint: RESUMES_HINT },
  1006: { name: 'abnormal closure', action: 'resume', hint: RESUMES_HINT },
  4000: { name: 'unknown error', action: 'resume', hint: RESUMES_HINT },
  4001: { name: 'unknown opcode', action: 'resume', hint: REFUSED_HINT, fault: 'PAYLOAD_REFUSED' },
  4002: { name: 'decode error', action: 'resume', hint: REFUSED_HINT, fault: 'PAYLOAD_REFUSED' },
  4003: { name: 'not authenticated', action: 'identify', hint: NEW_SESSION_HINT, fault: 'NOT_AUTHENTICATED' },
  4004: {
    name: 'authentication failed',
    action: 'fail',
    fatal: 'AUTHENTICATION_FAILED',
    hint: 'Check the option token; copy the token again from the Developer Portal.',
  },
  4005: { name: 'already authenticated', action: 'resume', hint: RESUMES_HINT, fault: 'ALREADY_AUTHENTICATED' },
  4007: { name: 'invalid seq', action: 'identify', hint: NEW_SESSION_HINT },
  4008: {
    name: 'rate limited',
    action: 'resume',
    hint: 'Please report it as a bug: the send limiter must prevent this. The shard resumes after a longer wait.',
    fault: 'RATE_LIMITED',
    pause: 'rateLimited',
  },
  4009: { name: 'session timed out', action: 'identify', hint: NEW_SESSION_HINT },
  4010: {
    name: 'invalid shard',
    action: 'fail',
    fatal: 'INVALID_SHARD',
    hint: 'Check the options shardId and shardCount.',
  },
  4011: { name: 'sharding required', action: 'fail', fatal: 'SHARDING_REQUIRED', hint: 'Raise the option shardCount.' },
  4012: {
    name: 'invalid API version',
    action: 'fail',
    fatal: 'INVALID_API_VERSION',
    hint: 'Set the option version to 10.',
  },
  4013: {
    name: 'invalid intents',
    action: 'fail',
    fatal: 'INVALID_INTENTS',
    hint: 'Check the option intents; resolveIntents() builds a valid bit field.',
  },
  4014: {
    name: 'disallowed intents',
    action: 'fail',
    fatal: 'DISALLOWED_INTENTS',
    hint: 'Enable the privileged intents in the Developer Portal, or remove them from the option intents.',
  },
};

const UNKNOWN_CODE: ClosePolicy = { name: 'unknown close code', action: 'resume', hint: RESUMES_HINT };

/** Returns the policy of a close code. After a code that Discord does not document, the shard resumes. */
export const closePolicy = (code: number): ClosePolicy => CLOSE_CODES[code] ?? UNKNOWN_CODE;
