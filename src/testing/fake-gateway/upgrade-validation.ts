/**
 * Decides who may come in: nobody from afar, and nobody without a gateway URL that can be served.
 * @see https://discord.com/developers/docs/events/gateway#connecting
 */
import type { IncomingMessage } from 'node:http';
import { foreignHostOrOrigin } from '../../http/loopback-guard.ts';
import type { Transport } from './encoders.ts';
import type { Settings } from './options.ts';

const API_VERSIONS: ReadonlySet<string> = new Set(['9', '10']);

const TRANSPORTS: ReadonlyMap<string | null, Transport> = new Map<string | null, Transport>([
  [null, 'none'],
  ['zlib-stream', 'zlib-stream'],
  ['zstd-stream', 'zstd-stream'],
]);

/** Why a request is turned away. */
export interface HttpRejection {
  readonly status: number;
  readonly what: string;
  /** Whether it is a mistake of a gateway client, to be counted. */
  readonly isViolation: boolean;
}

/** What the query of a gateway URL says. */
export interface GatewayQuery {
  /** `null` when it is missing or unknown. */
  readonly version: number | null;
  readonly transport: Transport;
}

function parseUrl(url: string): URL | null {
  return URL.canParse(url) ? new URL(url) : null;
}

/** For every request: is it meant for a machine-local server, and not from somebody's web page? */
export function rejectForeign({ headers }: IncomingMessage): HttpRejection | null {
  const what = foreignHostOrOrigin(headers);
  return what === null ? null : { status: 403, what, isViolation: false };
}

const badRequest = (what: string): HttpRejection => ({ status: 400, what, isViolation: true });

/** For upgrades: is it a gateway URL that can be served? */
export function validateUpgrade(request: IncomingMessage, settings: Settings): GatewayQuery | HttpRejection {
  const query = parseUrl(`http://127.0.0.1${request.url ?? ''}`)?.searchParams ?? new URLSearchParams();
  const transport = TRANSPORTS.get(query.get('compress'));
  if (query.get('encoding') !== 'json')
    return badRequest('a gateway URL without encoding=json, the only one served here');
  if (transport === undefined)
    return badRequest('a gateway URL with a compress that is neither zlib-stream nor zstd-stream');
  if (settings.requireUserAgent && !request.headers['user-agent'])
    return badRequest('an upgrade request without User-Agent');
  const version = query.get('v') ?? '';
  return { version: API_VERSIONS.has(version) ? Number(version) : null, transport };
}
