/** Validates the close code of a user. Some codes end the session and others keep it. */
import { END_SESSION_CODE, KEEP_SESSION_CODE, endsSession } from '../../machines/index.ts';
import { assertCallOptions } from '../protocol/call-options.ts';
import { cutCloseReason } from '../protocol/close-reason.ts';
import { GatewayError } from '../protocol/errors.ts';
import { describeValue } from '../protocol/validation.ts';

/** The options of `disconnect()`. */
export interface DisconnectOptions {
  /**
   * The close code: 1000, 1001 or 3000–4999. Codes 1000 and 1001 end the session.
   * @defaultValue `4000`; `1000` with `session: 'discard'`
   * @see https://discord.com/developers/docs/events/gateway#initiating-a-disconnect
   */
  code?: number;
  /**
   * The close reason, up to 123 bytes of UTF-8. A longer one is cut at a character.
   * @defaultValue `''`
   */
  reason?: string;
  /**
   * Whether a later connection can resume the session.
   * @defaultValue `'keep'`; `'discard'` with code 1000 or 1001
   */
  session?: 'keep' | 'discard';
  /**
   * Ends the wait for the close handshake: the socket is terminated, and the promise rejects with `ABORTED`. If the
   * signal is aborted already, the shard still disconnects, without a close handshake.
   */
  signal?: AbortSignal;
}

export interface CloseRequest {
  readonly code: number;
  readonly reason: string;
  readonly session: 'keep' | 'discard';
}

const isSendable = (code: number): boolean =>
  Number.isInteger(code) && (endsSession(code) || (code >= 3000 && code <= 4999));

/**
 * @throws {@link GatewayError} `INVALID_OPTIONS` for a code that can't be sent, or a code that ends the session
 * although `session` is `'keep'`
 */
export function resolveCloseRequest(options: DisconnectOptions): CloseRequest {
  assertCallOptions('disconnect()', options);
  const { code, session } = options;
  const reason = cutCloseReason(options.reason ?? '');
  if (code === undefined) {
    return { code: session === 'discard' ? END_SESSION_CODE : KEEP_SESSION_CODE, reason, session: session ?? 'keep' };
  }
  if (!isSendable(code)) {
    throw new GatewayError(
      'INVALID_OPTIONS',
      `${describeValue(code)} can't be sent as a close code; use 1000, 1001 or 3000 to 4999`,
    );
  }
  if (endsSession(code) && session === 'keep') {
    throw new GatewayError('INVALID_OPTIONS', `close code ${code} ends the session; leave out the code to keep it`);
  }
  return { code, reason, session: session ?? (endsSession(code) ? 'discard' : 'keep') };
}

/** Never throws, for `forceClose()`: a code that can't be sent becomes 4000, which keeps the session. */
export function forcedCloseRequest(code = KEEP_SESSION_CODE): CloseRequest {
  const sendableCode = isSendable(code) ? code : KEEP_SESSION_CODE;
  return {
    code: sendableCode,
    reason: 'forceClose() was called',
    session: endsSession(sendableCode) ? 'discard' : 'keep',
  };
}
