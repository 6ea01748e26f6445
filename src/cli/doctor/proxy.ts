/** Checks the proxy of the environment: whether it makes a tunnel to the gateway. Nothing is sent through it. */
import type { ProxyServer } from '../../http/proxy/proxy-server.ts';
import type { SelectProxy } from '../../http/proxy/proxy-selection.ts';
import { openTunnel } from '../../http/proxy/tunnel.ts';
import { messageOf } from '../../protocol/network-errors.ts';
import { GatewayError } from '../../protocol/errors.ts';
import type { Check } from './check.ts';
import { failed, ok } from './check.ts';
import { ProxyError } from '../../http/proxy/proxy-error.ts';

const TIMEOUT_MS = 10_000;

/** @returns the check; `null` if the gateway is reached without a proxy */
export async function proxyCheck(selectProxy: SelectProxy | null, gatewayUrl: string): Promise<Check | null> {
  const url = new URL(gatewayUrl);
  const proxy = selectProxy?.(url) ?? null;
  return proxy === null ? null : checkTunnel(proxy, url);
}

async function checkTunnel(proxy: ProxyServer, { hostname, port, protocol }: URL): Promise<Check> {
  const target = { host: hostname, port: Number(port === '' ? (protocol === 'wss:' ? 443 : 80) : port) };
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const figures = { proxy: proxy.host };
  try {
    const socket = await openTunnel(proxy, target, null, signal);
    socket.on('error', () => undefined).destroy();
    return ok('Proxy', `${proxy.host} connects to ${target.host}:${target.port}`, figures);
  } catch (error) {
    const found = signal.aborted
      ? `the proxy ${proxy.host} does not answer within ${TIMEOUT_MS / 1000} s`
      : messageOf(error);
    const { hint } = new GatewayError(error instanceof ProxyError ? error.code : 'PROXY_FAILED', found);
    return failed('Proxy', found, hint, figures);
  }
}
