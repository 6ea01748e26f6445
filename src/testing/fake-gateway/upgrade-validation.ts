/**
 * Validates requests: they must come from this machine, and an upgrade needs a gateway URL that can be served.
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

/** Why a request is rejected. */
export interface HttpRejection {
  readonly status: number;
  readonly what: string;
  /** Whether a gateway client made a mistake, so that the rejection counts as a violation. */
  readonly isViolation: boolean;
}

/** The query of a gateway URL. */
export interface GatewayQuery {
  /** The API version; `null` when it is missing or unknown. */
  readonly version: number | null;
  readonly transport: Transport;
}

function parseUrl(url: string): URL | null {
  return URL.canParse(url) ? new URL(url) : null;
}

/** Rejects a request that is not for a loopback host, or that comes from a web page elsewhere. */
export function rejectForeign({ headers }: IncomingMessage): HttpRejection | null {
  const what = foreignHostOrOrigin(headers);
  return what === null ? null : { status: 403, what, isViolation: false };
}

const badRequest = (what: string): HttpRejection => ({ status: 400, what, isViolation: true });

/** Returns the query of an upgrade request, or why the request is rejected. */
export function validateUpgrade(request: IncomingMessage, settings: Settings): GatewayQuery | HttpRejection {
  const query = parseUrl(`http://127.0.0.1${request.url ?? ''}`)?.searchParams ?? new URLSearchParams();
  const transport = TRANSPORTS.get(query.get('compress'));
  if (query.get('encoding') !== 'json')
    return badRequest('the gateway URL lacks encoding=json, the only encoding served here');
  if (transport === undefined)
    return badRequest('the gateway URL has a compress that is neither zlib-stream nor zstd-stream');
  if (settings.requireUserAgent && !request.headers['user-agent'])
    return badRequest('the upgrade request has no User-Agent');
  const version = query.get('v') ?? '';
  return { version: API_VERSIONS.has(version) ? Number(version) : null, transport };
}
