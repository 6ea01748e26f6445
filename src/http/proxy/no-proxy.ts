/** The rules of the variable NO_PROXY: which hosts are reached without a proxy. */

/** Hosts of this machine. A proxy elsewhere would connect to itself. */
const isLoopback = (hostname: string): boolean => /^(?:localhost|.+\.localhost|127(?:\.\d+){3}|::1)$/.test(hostname);

/** An address of IPv6 has brackets in a URL, and with or without them in the variable. */
const withoutBrackets = (host: string): string => host.replace(/^\[|\]$/g, '');

/** One entry: `example.com` for it and all hosts below it, `.example.com`, `*.example.com`, `10.0.0.1:8080`, `[::1]`. */
function matches(entry: string, hostname: string, port: string): boolean {
  const [, host = '', entryPort] = /^(\[[^\]]*\]|[^:]*|.*)(?::(\d+))?$/.exec(entry) ?? [];
  if (entryPort !== undefined && entryPort !== port) return false;
  const suffix = withoutBrackets(host).replace(/^\*?\./, '');
  return suffix !== '' && (hostname === suffix || hostname.endsWith(`.${suffix}`));
}

/**
 * Returns whether a URL is to be reached without a proxy. Without the variable, hosts of this machine are.
 * @param noProxy - the variable; `undefined` if it is not set
 */
export function isExcluded({ hostname: host, port, protocol }: URL, noProxy: string | undefined): boolean {
  const hostname = withoutBrackets(host).replace(/\.$/, '');
  if (noProxy === undefined) return isLoopback(hostname);
  const actualPort = port === '' ? (/^(?:https|wss):$/.test(protocol) ? '443' : '80') : port;
  return noProxy
    .toLowerCase()
    .split(/[\s,]+/)
    .some((entry) => entry === '*' || matches(entry, hostname, actualPort));
}
