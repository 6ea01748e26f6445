/**
 * Protects the servers that listen on loopback. Any web page in a browser on the same machine can reach them, by
 * address or by a host name that was pointed at loopback (DNS rebinding). So foreign hosts and origins are rejected.
 */
const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]']);

const parseUrl = (url: string): URL | null => (URL.canParse(url) ? new URL(url) : null);

interface HostAndOrigin {
  readonly host?: string | undefined;
  readonly origin?: string | undefined;
}

/** Stands for every host. */
const ANY_HOST = '*';

/**
 * Returns why a request with these headers must be rejected; `null` if it is for this machine.
 * @param allowedHosts - other hosts that a request may name
 */
export function foreignHostOrOrigin(headers: HostAndOrigin, allowedHosts: readonly string[] = []): string | null {
  const target = parseUrl(`http://${headers.host ?? ''}`);
  const isAllowed = (name: string): boolean => LOOPBACK.has(name) || allowedHosts.includes(name);
  if (target === null || !(isAllowed(target.hostname) || allowedHosts.includes(ANY_HOST)))
    return 'a Host that is not loopback';
  return foreignOrigin(headers);
}

/** Returns why a request of a web page must be rejected; `null` if it comes from no other page. */
export function foreignOrigin({ host, origin }: HostAndOrigin): string | null {
  const target = parseUrl(`http://${host ?? ''}`);
  return origin === undefined || (target !== null && parseUrl(origin)?.host === target.host)
    ? null
    : 'a foreign Origin';
}
