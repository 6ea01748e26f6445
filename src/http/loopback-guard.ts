/**
 * Who may talk to a server of ours. One on loopback can be reached by any web page in a browser of the same machine, by
 * its address or by a name that was made to point at it, so foreign hosts and origins are turned away.
 */
const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]']);

const parsed = (url: string): URL | null => (URL.canParse(url) ? new URL(url) : null);

/** What is foreign about a request with these headers; `null` when nothing is. */
export function foreignHostOrOrigin({
  host,
  origin,
}: {
  readonly host?: string | undefined;
  readonly origin?: string | undefined;
}): string | null {
  const named = parsed(`http://${host ?? ''}`);
  if (named === null || !LOOPBACK.has(named.hostname)) return 'a Host that is not loopback';
  return origin === undefined || parsed(origin)?.host === named.host ? null : 'a foreign Origin';
}
