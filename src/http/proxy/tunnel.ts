/** A connection through a proxy: a tunnel to the target, with TLS inside it if the target wants that. */
import { isIP } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';
import { openHttpTunnel } from './http-tunnel.ts';
import type { ProxyServer } from './proxy-server.ts';
import { openSocksTunnel } from './socks-tunnel.ts';
import type { TunnelTarget } from './tunnel-target.ts';

type OpenTunnel = (proxy: ProxyServer, target: TunnelTarget, signal: AbortSignal) => Promise<Socket>;

const OPENERS: Readonly<Record<ProxyServer['protocol'], OpenTunnel>> = {
  http: openHttpTunnel,
  https: openHttpTunnel,
  socks5: openSocksTunnel,
};

/**
 * Resolves with a socket to the target. Rejects with a `ProxyError`.
 * @param tls - the options of TLS; `null` for a target without it
 * @param signal - ends the connection to the proxy at any time
 */
export async function openTunnel(
  proxy: ProxyServer,
  target: TunnelTarget,
  tls: ConnectionOptions | null,
  signal: AbortSignal,
): Promise<Socket> {
  const socket = await OPENERS[proxy.protocol](proxy, target, signal);
  if (tls === null) return socket;
  return connectTls({ servername: isIP(target.host) === 0 ? target.host : '', ...tls, socket });
}
