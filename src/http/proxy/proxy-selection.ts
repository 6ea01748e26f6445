/** Decides which proxy a URL is reached through: that of the option, or what the environment says. */
import { assertOption } from '../../protocol/validation.ts';
import { isExcluded } from './no-proxy.ts';
import { ProxyServer } from './proxy-server.ts';

/** Returns the proxy for a URL; `null` if it is reached directly. */
export type SelectProxy = (url: URL) => ProxyServer | null;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * In this order. For WebSockets HTTPS_PROXY is preferred, even for ws:// URLs.
 * @see https://www.rfc-editor.org/rfc/rfc6455#section-4.1
 */
const VARIABLES = ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy'] as const;

/**
 * Returns how the proxy of a URL is found; `null` if no URL has one.
 * @throws {@link GatewayError} `INVALID_OPTIONS`, naming the option or the variable.
 */
export function resolveProxy(
  option: string | URL | false | undefined,
  environment: Environment = process.env,
): SelectProxy | null {
  if (option === false) return null;
  if (option !== undefined) {
    assertOption(typeof option === 'string' || option instanceof URL, 'proxy must be a URL, or false');
    const server = ProxyServer.parse('proxy', option);
    return () => server;
  }
  const name = VARIABLES.find((variable) => (environment[variable] ?? '') !== '');
  if (name === undefined) return null;
  const server = ProxyServer.parse(name, environment[name] ?? '');
  const noProxy = environment['NO_PROXY'] ?? environment['no_proxy'];
  return (url) => (isExcluded(url, noProxy) ? null : server);
}
