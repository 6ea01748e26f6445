/**
 * Protects the servers that listen on loopback. Any web page in a browser on the same machine can reach them, by
 * address or by a host name that was pointed at loopback (DNS rebinding). So foreign hosts and origins are rejected.
 */
const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]']);

const parseUrl = (url: string): URL | null => (URL.canParse(url) ? new URL(url) : null);

/** Returns why a request with these headers must be rejected; `null` if it comes from this machine. */
export function foreignHostOrOrigin({
  host,
  origin,
}: {
  readonly host?: string | undefined;
  readonly origin?: string | undefined;
}): string | null {
  const target = parseUrl(`http://${host ?? ''}`);
  if (target === null || !LOOPBACK.has(target.hostname)) return 'a Host that is not loopback';
  return origin === undefined || parseUrl(origin)?.host === target.host ? null : 'a foreign Origin';
}
