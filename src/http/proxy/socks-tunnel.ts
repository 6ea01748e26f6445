/** Asks a SOCKS5 proxy for a tunnel. The library that speaks SOCKS5 is loaded with the first such connection. */
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { messageOf } from '../../protocol/network-errors.ts';
import { ProxyError } from './proxy-error.ts';
import type { ProxyServer } from './proxy-server.ts';
import type { TunnelTarget } from './tunnel-target.ts';

function openSocket({ hostname: host, port }: ProxyServer, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, signal });
    // Stays: a socket without a listener of `error` would end the process.
    socket.on('error', reject);
    socket.once('connect', () => resolve(socket));
  });
}

/** The words of the library, and what they mean. Its errors carry the password, so they are not passed on. */
const isAboutPassword = (message: string): boolean => /authentication failed|no accepted authentication/i.test(message);

function failureOf(message: string, { host, port }: TunnelTarget): string {
  if (message === 'Socket closed') return 'closed the connection before it answered';
  const [, answer] = /^Socks5 proxy rejected connection - (\w+)$/.exec(message) ?? [];
  return answer === undefined
    ? `does not answer as a SOCKS5 proxy does: ${message}`
    : `refused a connection to ${host}:${port}: ${answer}`;
}

export async function openSocksTunnel(proxy: ProxyServer, target: TunnelTarget, signal: AbortSignal): Promise<Socket> {
  const { SocksClient } = await import('socks');
  const socket = await openSocket(proxy, signal).catch((cause: unknown) => {
    throw ProxyError.failed(proxy, `could not be used: ${messageOf(cause)}`, cause);
  });
  const credentials = proxy.revealCredentials();
  try {
    await SocksClient.createConnection({
      command: 'connect',
      proxy: {
        host: proxy.hostname,
        port: proxy.port,
        type: 5,
        ...(credentials === null ? {} : { userId: credentials.username, password: credentials.password }),
      },
      // An address of IPv6 has brackets only in URLs.
      destination: { host: target.host.replace(/^\[|\]$/g, ''), port: target.port },
      existing_socket: socket,
    });
    return socket;
  } catch (error) {
    socket.destroy();
    const message = messageOf(error);
    throw isAboutPassword(message)
      ? ProxyError.authentication(proxy, message)
      : ProxyError.failed(proxy, failureOf(message, target));
  }
}
