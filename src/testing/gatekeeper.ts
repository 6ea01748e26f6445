/**
 * Decides who may come in. A server on loopback can be reached by any web page in a browser of the same machine,
 * so foreign names and origins are turned away; the rest are checks of the gateway URL.
 * @see https://discord.com/developers/docs/events/gateway#connecting
 */
import type { IncomingMessage } from 'node:http';
import type { Transport } from './encoders.ts';
import type { Settings } from './options.ts';

const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]']);

const API_VERSIONS: ReadonlySet<string> = new Set(['9', '10']);

const TRANSPORTS: ReadonlyMap<string | null, Transport> = new Map<string | null, Transport>([
  [null, 'none'],
  ['zlib-stream', 'zlib-stream'],
  ['zstd-stream', 'zstd-stream'],
]);

/** Why a request is turned away. */
export interface Refusal {
  readonly status: number;
  readonly what: string;
  /** Whether it is a mistake of a gateway client, to be counted. */
  readonly violation: boolean;
}

/** What the query of a gateway URL says. */
export interface GatewayQuery {
  /** `null` when it is missing or unknown. */
  readonly version: number | null;
  readonly transport: Transport;
}

function parsed(url: string): URL | null {
  return URL.canParse(url) ? new URL(url) : null;
}

/** For every request: is it meant for a machine-local server, and not from somebody's web page? */
export function refuseForeign({ headers }: IncomingMessage): Refusal | null {
  const host = parsed(`http://${headers.host ?? ''}`);
  if (host === null || !LOOPBACK.has(host.hostname)) return { status: 403, what: 'a Host that is not loopback', violation: false };
  const { origin } = headers;
  if (origin === undefined || parsed(origin)?.host === host.host) return null;
  return { status: 403, what: 'a foreign Origin', violation: false };
}

const bad = (what: string): Refusal => ({ status: 400, what, violation: true });

/** For upgrades: is it a gateway URL that can be served? */
export function vetUpgrade(request: IncomingMessage, settings: Settings): GatewayQuery | Refusal {
  const query = parsed(`http://127.0.0.1${request.url ?? ''}`)?.searchParams ?? new URLSearchParams();
  const transport = TRANSPORTS.get(query.get('compress'));
  if (query.get('encoding') !== 'json') return bad('a gateway URL without encoding=json, the only one served here');
  if (transport === undefined) return bad('a gateway URL with a compress that is neither zlib-stream nor zstd-stream');
  if (settings.requireUserAgent && !request.headers['user-agent']) return bad('an upgrade request without User-Agent');
  const version = query.get('v') ?? '';
  return { version: API_VERSIONS.has(version) ? Number(version) : null, transport };
}
