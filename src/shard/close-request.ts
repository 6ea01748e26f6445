/** With what code a user may close, and what that means for the session. */
import { END_SESSION_CODE, KEEP_SESSION_CODE, endsSession } from '../../machines/index.ts';
import { GatewayError } from '../protocol/errors.ts';

export interface DisconnectOptions {
  /** 1000, 1001 or 3000–4999. Default 4000, which keeps the session, or 1000 when it is discarded. */
  code?: number;
  /** Up to 123 bytes; longer ones are cut. */
  reason?: string;
  /** `keep` lets a later connection resume. Default `keep`, but a code of 1000 or 1001 always ends the session. */
  session?: 'keep' | 'discard';
  /**
   * Ends the wait for the close handshake: the socket is torn down, and the promise rejects with `ABORTED`. One that is
   * aborted already leaves no time for the handshake; the shard stops all the same.
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
 * @throws {@link GatewayError} `INVALID_OPTIONS` for a code that can't be sent, or one that would end a session that
 * is to be kept.
 */
export function resolveCloseRequest({ code, reason = '', session }: DisconnectOptions): CloseRequest {
  if (code === undefined) {
    return { code: session === 'discard' ? END_SESSION_CODE : KEEP_SESSION_CODE, reason, session: session ?? 'keep' };
  }
  if (!isSendable(code)) {
    throw new GatewayError('INVALID_OPTIONS', `${code} can't be sent as a close code; use 1000, 1001 or 3000 to 4999`);
  }
  if (endsSession(code) && session === 'keep') {
    throw new GatewayError('INVALID_OPTIONS', `close code ${code} ends the session; leave out the code to keep it`);
  }
  return { code, reason, session: session ?? (endsSession(code) ? 'discard' : 'keep') };
}

/** For {@link Shard.forceClose}, which must not throw: a code that can't be sent becomes the one that keeps the session. */
export function forcedCloseRequest(code = KEEP_SESSION_CODE): CloseRequest {
  const sendableCode = isSendable(code) ? code : KEEP_SESSION_CODE;
  return {
    code: sendableCode,
    reason: 'forceClose() was called',
    session: endsSession(sendableCode) ? 'discard' : 'keep',
  };
}
