/** What went wrong between this machine and a proxy. Contains the proxy's host and port, and never its password. */
import type { GatewayErrorCode } from '../../protocol/errors.ts';
import { withoutRequest } from '../../protocol/network-errors.ts';
import type { ProxyServer } from './proxy-server.ts';

/** How long to wait before the password is tried again: a proxy may lock an account after some attempts. */
const PASSWORD_RETRY_MS = 30_000;

export class ProxyError extends Error {
  override readonly name = 'ProxyError';
  /** The code of the `GatewayError` that this becomes. */
  readonly code: Extract<GatewayErrorCode, 'PROXY_FAILED' | 'PROXY_AUTHENTICATION_FAILED'>;
  /** How long to wait before the next attempt; the port of sockets names it so. */
  readonly retryAfterMs: number | null;

  private constructor(code: ProxyError['code'], message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause: withoutRequest(cause) });
    this.code = code;
    this.retryAfterMs = code === 'PROXY_AUTHENTICATION_FAILED' ? PASSWORD_RETRY_MS : null;
  }

  /** @param what - completes the sentence "the proxy HOST:PORT …" */
  static failed(proxy: ProxyServer, what: string, cause?: unknown): ProxyError {
    return new ProxyError('PROXY_FAILED', `the proxy ${proxy.host} ${what}`, cause);
  }

  /** @param answer - what the proxy answered */
  static authentication(proxy: ProxyServer, answer: string): ProxyError {
    const what = proxy.hasCredentials
      ? 'does not accept the user name and the password'
      : 'wants a user name and a password';
    return new ProxyError('PROXY_AUTHENTICATION_FAILED', `the proxy ${proxy.host} ${what}: ${answer}`);
  }
}

/** Returns the message with the proxy that the connection goes through, unless it names that already. */
export const withProxy = (message: string, proxy: string | null): string =>
  proxy === null || message.includes(proxy) ? message : `${message}; the connection goes through the proxy ${proxy}`;
