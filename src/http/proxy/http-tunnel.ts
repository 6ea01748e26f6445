/**
 * Asks an HTTP proxy for a tunnel. Node's own client does it, so that an answer without end or without sense is refused
 * as from any server.
 * @see https://www.rfc-editor.org/rfc/rfc9110#name-connect
 */
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { http } from '../../node-modules.ts';
import { messageOf } from '../../protocol/network-errors.ts';
import { ProxyError } from './proxy-error.ts';
import type { ProxyServer } from './proxy-server.ts';
import type { TunnelTarget } from './tunnel-target.ts';

const basicAuthorization = (proxy: ProxyServer): Readonly<Record<string, string>> => {
  const credentials = proxy.revealCredentials();
  if (credentials === null) return {};
  const pair = Buffer.from(`${credentials.username}:${credentials.password}`);
  return { 'Proxy-Authorization': `Basic ${pair.toString('base64')}` };
};

/** Errors of Node's client before an answer came, and what they mean here. */
const failureOf = (error: Error): string => {
  const code = 'code' in error ? String(error.code) : '';
  if (code.startsWith('HPE_')) return `does not answer as an HTTP proxy does: ${messageOf(error)}`;
  return error.message === 'socket hang up'
    ? 'closed the connection before it answered'
    : `could not be used: ${messageOf(error)}`;
};

export function openHttpTunnel(proxy: ProxyServer, target: TunnelTarget, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const authority = `${target.host}:${target.port}`;
    const request = (proxy.protocol === 'https' ? httpsRequest : http.request)({
      method: 'CONNECT',
      host: proxy.hostname,
      port: proxy.port,
      path: authority,
      headers: { Host: authority, ...basicAuthorization(proxy) },
      // Not the agent of the process, which may itself use a proxy.
      agent: false,
      signal,
    });
    request.once('connect', ({ statusCode = 0 }, socket, head) => {
      if (statusCode >= 200 && statusCode < 300) {
        if (head.length > 0) socket.unshift(head);
        return resolve(socket);
      }
      socket.destroy();
      const answer = `${statusCode} ${http.STATUS_CODES[statusCode] ?? ''}`.trim();
      return reject(
        statusCode === 407
          ? ProxyError.authentication(proxy, answer)
          : ProxyError.failed(proxy, `refused a connection to ${authority}: ${answer}`),
      );
    });
    request.on('error', (error) => reject(ProxyError.failed(proxy, failureOf(error), error)));
    request.end();
  });
}
