/**
 * Decides to which URLs the token may be sent. The gateway names the URL for RESUME, and a store keeps it: both could
 * name a host that collects tokens, or a connection that anyone on the way can read.
 */
import { parseWebSocketUrl } from './gateway-url.ts';
import { assertOption } from './validation.ts';

/** What the URLs of others are compared with. */
export interface UrlTrust {
  /** The main URL. */
  readonly url: string;
  /** `null` for any host. */
  readonly allowedHosts: readonly string[] | null;
}

/** A longer URL would fill the store of sessions. */
const MAX_URL_LENGTH = 2_048;

const ANY_SUBDOMAIN = '*.';

/** Returns the option `allowedHosts` in lower case; `null` without it. Throws `INVALID_OPTIONS` if it is not valid. */
export function resolveAllowedHosts(hosts: readonly string[] | undefined): readonly string[] | null {
  if (hosts === undefined) return null;
  const message = "allowedHosts must be a list of hosts, such as 'gateway.discord.gg' or '*.discord.gg'";
  assertOption(Array.isArray(hosts) && hosts.length > 0 && hosts.every(isHost), message);
  return hosts.map((host) => host.toLowerCase());
}

function isHost(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  const host = value.startsWith(ANY_SUBDOMAIN) ? value.slice(ANY_SUBDOMAIN.length) : value;
  return /^[^\s/?#@*\\]+$/.test(host) && URL.canParse(`wss://${host}`);
}

/** Returns whether a URL names one of these hosts, with or without its port; `*.a.b` stands for all hosts below `a.b`. */
export function isAllowedHost(url: string, allowedHosts: readonly string[] | null): boolean {
  if (allowedHosts === null) return true;
  const { host, hostname } = new URL(url);
  return allowedHosts.some((allowed) =>
    allowed.startsWith(ANY_SUBDOMAIN)
      ? hostname.endsWith(allowed.slice(1)) || host.endsWith(allowed.slice(1))
      : allowed === hostname || allowed === host,
  );
}

/** Returns why the token must not be sent to a URL that somebody else named; `null` if it may. */
export function urlRefusal(url: string, { url: mainUrl, allowedHosts }: UrlTrust): string | null {
  if (url.length > MAX_URL_LENGTH) return `it is longer than ${MAX_URL_LENGTH} characters`;
  const parsed = parseWebSocketUrl(url);
  if (parsed === null) return 'it is not a ws:// or wss:// URL';
  const { protocol, username, password } = parsed;
  if (protocol === 'ws:' && new URL(mainUrl).protocol === 'wss:') return 'it is a ws:// URL, which is not encrypted';
  if (username !== '' || password !== '') return 'it contains a user name or a password';
  return isAllowedHost(url, allowedHosts) ? null : 'allowedHosts does not list its host';
}
