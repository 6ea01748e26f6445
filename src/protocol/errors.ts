/**
 * The one error class of the library. `code` says what happened, `hint` what to do about it; `docs/errors.md`
 * lists them all.
 */

/** What to do, for each code. The keys are the complete list of codes. */
const HINTS = {
  // What a caller did
  INVALID_OPTIONS: 'Correct the option the message names; README.md lists the defaults.',
  INVALID_PAYLOAD: 'Pass { op, d } with plain data that JSON can hold.',
  OPCODE_NOT_ALLOWED: 'Send ops 3, 4, 8, 31 or 43; Identify, Resume and Heartbeat are sent by the shard itself.',
  PAYLOAD_TOO_LARGE: 'Keep a payload within 4096 bytes of UTF-8; split lists of ids over several requests.',
  INVALID_SESSION: 'Pass a Session as shard.session gave it, or null to start a fresh one.',
  NOT_CONNECTED: 'Call connect() first, and wait for it where an open connection is needed.',
  STOPPED: 'The shard was stopped while this waited; call connect() and try again.',
  ABORTED: 'The AbortSignal you passed was aborted; its reason is the cause.',
  CONNECTION_LOST: 'The connection went away before the answer came; try again once the shard is ready.',
  REQUEST_TIMED_OUT: 'Discord did not answer in time; check the intents and the guild id, or raise timeoutMs.',
  REQUEST_RATE_LIMITED: 'Ask less often: all members of a guild can be requested once in 30 s.',
  RESHARD_REFUSED: 'Reshard a connected manager that runs all shards of the bot, to one count at a time.',
  NO_INSPECTOR: 'Call inspect() of @xstate/inspect first, in the same process; docs/inspector.md shows how.',
  // What Discord will not accept; the shard stops
  AUTHENTICATION_FAILED: 'The token is wrong or was reset; copy it anew from the Developer Portal.',
  INVALID_SHARD: 'shardId must be below shardCount, and a large bot needs a multiple of the count Discord gives.',
  SHARDING_REQUIRED: 'The bot is in too many guilds for one shard; raise shardCount (GET /gateway/bot says how many).',
  INVALID_API_VERSION: 'Use version 10.',
  INVALID_INTENTS: 'intents is not a valid bit field; build it with resolveIntents().',
  DISALLOWED_INTENTS: 'Enable the privileged intents of the bot in the Developer Portal, or do not ask for them.',
  GATEWAY_INFO_INVALID: 'Check the option api: GET {api}/gateway/bot has to answer as Discord documents.',
  // What the shard survives
  CONNECTION_FAILED:
    'The gateway could not be reached; the shard tries again. Check network, proxy and URL if it goes on.',
  CONNECT_TIMEOUT: 'The socket did not open within connectTimeoutMs; the shard tries again.',
  HELLO_TIMEOUT: 'The gateway said nothing within helloTimeoutMs; the shard tries again.',
  RESUME_TIMEOUT: 'RESUME was not answered within resumedTimeoutMs; the shard tries again.',
  READY_TIMEOUT: 'IDENTIFY was not answered within readyPatienceMs; see the status page of Discord.',
  INVALID_HEARTBEAT_INTERVAL: 'HELLO carried no sane heartbeat interval; the shard tries another connection.',
  RATE_LIMITED:
    'Discord closed the connection for too many frames (4008). Please report it: the limiter must prevent this.',
  RESUMES_EXHAUSTED: 'The session could not be resumed; a new one is started and events in between are lost.',
  DISPATCH_SILENCE: 'No dispatch came within maxDispatchSilenceMs; the shard resumes on a new connection.',
  DECODE_FAILED: 'A message could not be decoded; the shard resumes with a new decoder.',
  LISTENER_THREW: 'Catch errors in your listener; the cause says which.',
  OBSERVER_THREW: 'The inspect observer threw and was detached; the shard goes on.',
  IDENTIFY_REFUSED: 'The identify gate failed to give a permit; the shard asks again.',
  IDENTIFY_BUDGET_SPENT: 'No session starts are left; the shard identifies when the budget is reset.',
  SESSION_STORE_FAILED: 'The session could not be loaded or saved; see the cause. The shard goes on without.',
  GATEWAY_INFO_FAILED:
    'GET /gateway/bot did not answer; the manager asks again. Check network, proxy and api if it goes on.',
  WORKER_FAILED:
    'A worker thread ended, or did not answer; its shards resume in a new one. See the cause if it goes on.',
  INTERNAL_ERROR: 'This is a bug in shardwright; please report it with the cause.',
} as const;

export type GatewayErrorCode = keyof typeof HINTS;

export const GATEWAY_ERROR_CODES = Object.keys(HINTS) as readonly GatewayErrorCode[];

export interface GatewayErrorOptions {
  /** The WebSocket close code behind it, where there is one. */
  closeCode?: number;
  /** Replaces the standard hint of the code. */
  hint?: string;
  cause?: unknown;
}

/** Every error this library throws, rejects with, or reports. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';
  readonly code: GatewayErrorCode;
  readonly hint: string;
  declare readonly closeCode?: number;

  constructor(code: GatewayErrorCode, message: string, options: GatewayErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.hint = options.hint ?? HINTS[code];
    if (options.closeCode !== undefined) this.closeCode = options.closeCode;
  }
}

/** What was thrown, in words; anything can be. */
export const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));

/** The error for an aborted signal; its reason becomes the cause. */
export const abortedError = (what: string, signal: AbortSignal): GatewayError =>
  new GatewayError('ABORTED', `${what} was aborted`, { cause: signal.reason });
