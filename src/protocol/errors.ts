/**
 * The one error class of the library. `code` says what happened, `hint` what to do about it. `docs/errors.md` lists all
 * codes.
 */
import { certificateHint } from './network-errors.ts';
import { printableMessage } from './printable.ts';

/** The hint of each code, by group. This is the complete list of codes; `docs/errors.md` has the same groups. */
export const HINTS_BY_GROUP = {
  'Errors of a call': {
    INVALID_OPTIONS: 'Correct the option that the message names; docs/options.md lists every option with its default.',
    INVALID_PAYLOAD: 'Correct the field that the message names; a payload is { op, d } with data that JSON can hold.',
    OPCODE_NOT_ALLOWED: 'Send op 3, 4, 8, 31 or 43; the shard sends Identify, Resume and Heartbeat for you.',
    PAYLOAD_TOO_LARGE: 'Keep a payload within 4096 bytes of UTF-8; split long lists of ids over several requests.',
    INVALID_SESSION: 'Pass a session as shard.session returned it, or null to start a new one.',
    NOT_CONNECTED: 'Call connect() first, and wait until it resolves.',
    STOPPED: 'Call connect() and repeat the call; disconnect() ended it while it was waiting.',
    ABORTED: 'Look at the cause: it is the reason of the AbortSignal that you passed.',
    CONNECTION_LOST: 'Repeat the call once the shard is ready.',
    REQUEST_TIMED_OUT: 'Check the intents and the guild id, or raise timeoutMs.',
    REQUEST_RATE_LIMITED: 'Send fewer requests; Discord returns all members of a guild once in 30 s.',
    RESHARD_REFUSED:
      'Call reshard() when connect() has resolved, one call at a time, on a manager that runs all shards of the bot.',
    NOT_DELIVERED:
      'Repeat the command, or raise timeoutMs; no node that runs the shard took it in time. status() shows who runs which shard.',
    NO_INSPECTOR: 'Call inspect() of @xstate/inspect first, in the same process; see docs/inspector.md.',
    NODE_TOO_OLD: 'Install the Node that the message names, or a later one; node --version shows which one runs.',
    RECORDING_UNREADABLE:
      'Pass the directory of a FlightRecorder, or one of its files; docs/incidents.md says how to record.',
    PAGE_NOT_FOUND:
      'Leave shardwright/inspect out of your bundle, so that its page lies beside its code in node_modules.',
  },
  'Errors that stop the shard': {
    AUTHENTICATION_FAILED: 'Check the option token; copy the token again from the Developer Portal.',
    INVALID_SHARD:
      'Keep shardId below shardCount; a large bot needs a multiple of the shard count that GET /gateway/bot returns.',
    SHARDING_REQUIRED: 'Raise shardCount to the count that GET /gateway/bot returns, or use a ShardManager.',
    INVALID_API_VERSION: 'Set the option version to 10.',
    INVALID_INTENTS: 'Build the option intents with resolveIntents(), or pass a list of names.',
    DISALLOWED_INTENTS:
      'Enable the privileged intents of the bot in the Developer Portal, or remove them from the option intents.',
    SESSION_IN_USE:
      'Stop the other process, or give each process a store of its own. If the other needs longer to stop, raise claimTimeoutMs.',
    ENGINE_INVALID:
      'Use Redis 7.0 or later with maxmemory-policy noeviction, and an app name that nothing else uses; shardwright doctor --redis checks it.',
    GATEWAY_INFO_INVALID: 'Check the option api and any proxy; GET {api}/gateway/bot must answer as Discord documents.',
  },
  'Faults that the shard survives': {
    CONNECTION_FAILED: 'Wait; the shard tries again. If it keeps failing, check the network, the proxy and the URL.',
    PROXY_FAILED:
      'Check the option proxy or HTTPS_PROXY, and whether the proxy allows CONNECT to the host; the shard tries again.',
    PROXY_AUTHENTICATION_FAILED:
      'Put the user name and the password into the URL of the proxy, percent-encoded: http://name:password@host:3128. The shard waits 30 s or longer between attempts.',
    CONNECT_TIMEOUT: 'Wait; the shard tries again. If it keeps failing, check the network, or raise connectTimeoutMs.',
    HELLO_TIMEOUT: 'Wait; the shard tries again. If it keeps failing, check the URL and any proxy.',
    RESUME_TIMEOUT: 'Wait; the shard tries again.',
    READY_TIMEOUT: 'Check the status page of Discord (discordstatus.com); the shard tries again.',
    INVALID_HEARTBEAT_INTERVAL:
      'Check any gateway proxy; the interval in HELLO must be from 50 ms to 24 h. The shard tries again.',
    RATE_LIMITED: 'Report this as a bug of shardwright; its send limiter must prevent close code 4008.',
    PAYLOAD_REFUSED:
      'Compare the payload that the message names with the documentation of Discord; the shard resumes its session.',
    NOT_AUTHENTICATED: 'Check any gateway proxy, and report this if there is none; the shard starts a new session.',
    ALREADY_AUTHENTICATED: 'Check any gateway proxy, and report this if there is none; the shard resumes its session.',
    RESUMES_EXHAUSTED: 'Fetch again what must be exact; the shard starts a new session and some events are lost.',
    DISPATCH_SILENCE: 'Raise maxDispatchSilenceMs if the bot is just quiet; the shard resumes on a new connection.',
    DECODE_FAILED: 'Wait; the shard resumes with a new decoder. If a message is too large, raise maxMessageBytes.',
    RESUME_URL_REFUSED:
      'Check any gateway proxy, and the option allowedHosts; the shard resumes on the main URL, which costs nothing.',
    DISPATCH_SKIPPED:
      'Fetch again what must be exact; this one event is lost. Report what Discord sent, if you know it.',
    BUFFER_FULL:
      'Take faster from dispatches(), also while connect() is pending; raise concurrency or maxBufferedBytes; leave a stream that you no longer need. The shard resumes when there is room.',
    LISTENER_THREW: 'Catch errors in your listener; the cause is the error that it threw.',
    SLOW_LISTENER:
      'Move the long work into a worker thread, or split it with await; heartbeats and other events wait for it. If it is meant to take so long, raise timing.slowListenerMs.',
    OBSERVER_THREW: 'Correct the inspect observer, which is now detached; the cause is the error that it threw.',
    IDENTIFY_REFUSED: 'Look at the cause; the identify gate gave no permit. The shard asks again.',
    IDENTIFY_PERMIT_FAILED:
      'Look at the cause, and check sent() and release() of your identify gate; the shard goes on.',
    IDENTIFY_BUDGET_SPENT: 'Find out what used up the session starts; the shard identifies after the reset.',
    STARTS_TOO_FAST:
      'Find out why the bot starts so often; the shard identifies when the wait is over. Each further start within the hour doubles the wait, up to 5 min. The option startGuard changes it or turns it off.',
    SESSION_STORE_FAILED: 'Look at the cause, and check the session store; the shard goes on without it.',
    SNAPSHOT_FAILED:
      'Look at the message and the cause; the next start identifies. The first start with warmStart reports this once, if there is a session from before.',
    GATEWAY_INFO_FAILED:
      'Wait; the manager asks again. If it keeps failing, check the network, the proxy and the option api.',
    ENGINE_UNAVAILABLE: 'Wait; it tries again. If it keeps failing, check the URL, the network and the server.',
    FENCED:
      'Wait; another node runs the shard. If it happens often, find out what blocks this process, or raise leaseTtlMs.',
    DISPATCHES_TRIMMED:
      'Fetch again what must be exact; the group was too slow. Add consumers, or raise maxLength or maxAgeMs of the option publish. Look at dead letters sooner, or raise maxDeadLetters.',
    WORKER_FAILED: 'Wait; the shards of the thread resume in a new one. If it keeps failing, look at the cause.',
    INTERNAL_ERROR: 'Report this as a bug of shardwright, with the cause.',
  },
} as const;

type HintsByGroup = typeof HINTS_BY_GROUP;

/** The codes of {@link GatewayError}. Branch on them, never on messages. */
export type GatewayErrorCode = { [Group in keyof HintsByGroup]: keyof HintsByGroup[Group] }[keyof HintsByGroup];

const HINTS: Readonly<Record<GatewayErrorCode, string>> = Object.assign({}, ...Object.values(HINTS_BY_GROUP));

/** All codes, in the order of `docs/errors.md`. */
export const GATEWAY_ERROR_CODES = Object.keys(HINTS) as readonly GatewayErrorCode[];

/** Codes whose hint depends on what went wrong on the network. */
const NETWORK_CODES: ReadonlySet<GatewayErrorCode> = new Set([
  'CONNECTION_FAILED',
  'PROXY_FAILED',
  'GATEWAY_INFO_FAILED',
]);

/** Options of the constructor of {@link GatewayError}. */
export interface GatewayErrorOptions {
  /** The WebSocket close code that caused the error, if there was one. */
  closeCode?: number;
  /** The opcode of the payload that Discord refused, if that is known. */
  opcode?: number;
  /**
   * What to do about the error.
   * @defaultValue the hint of the code, or advice about certificates when one was not accepted
   */
  hint?: string;
  /** The error, value or abort reason that caused this one. */
  cause?: unknown;
}

/** Every error that this library throws, rejects with, or emits. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';
  /** What happened, for programs. */
  readonly code: GatewayErrorCode;
  /** What to do about it, for people. */
  readonly hint: string;
  /**
   * The WebSocket close code that caused the error, if there was one.
   * @see https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes
   */
  declare readonly closeCode?: number;
  /** The opcode of the payload that Discord refused, if that is known. */
  declare readonly opcode?: number;

  constructor(code: GatewayErrorCode, message: string, options: GatewayErrorOptions = {}) {
    // A message may quote the gateway, and messages are printed and logged.
    super(printableMessage(message), 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.hint = options.hint ?? (NETWORK_CODES.has(code) ? certificateHint(options.cause) : undefined) ?? HINTS[code];
    if (options.closeCode !== undefined) this.closeCode = options.closeCode;
    if (options.opcode !== undefined) this.opcode = options.opcode;
  }
}

/** Returns the error for an aborted signal, whose reason becomes the cause. */
export const abortedError = (operation: string, signal: AbortSignal): GatewayError =>
  new GatewayError('ABORTED', `${operation} was aborted`, { cause: signal.reason });
