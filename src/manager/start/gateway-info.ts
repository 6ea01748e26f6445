/**
 * Asks Discord how a bot may connect, once; the chart decides when to ask again. The token goes into the header and
 * nowhere else, errors least of all.
 * @see https://discord.com/developers/docs/events/gateway#get-gateway-bot
 */
import type { GatewayInfo, InfoEvent } from '../../../machines/index.ts';
import { GatewayError } from '../../protocol/errors.ts';
import { isWebSocketUrl } from '../../protocol/gateway-url.ts';
import type { Token } from '../../protocol/token.ts';
import { fieldsOf, isCount, isDuration, isPositiveInteger } from '../../protocol/validation.ts';
import { USER_AGENT } from '../../version.ts';

export interface GatewayInfoOptions {
  /** Without a slash at the end. */
  readonly api: string;
  readonly token: Token;
  readonly fetch: typeof fetch;
}

const invalid = (what: string): GatewayError => new GatewayError('GATEWAY_INFO_INVALID', `GET /gateway/bot ${what}`);

const refused = (failure: GatewayError): InfoEvent => ({ type: 'info.refused', failure });

const unavailable = (what: string, retryAfterMs: number | null, cause?: unknown): InfoEvent => ({
  type: 'info.unavailable',
  failure: new GatewayError('GATEWAY_INFO_FAILED', `GET /gateway/bot ${what}`, cause === undefined ? {} : { cause }),
  retryAfterMs,
});

/** A header that could not be written would be told with its text: such a token is not even tried. */
const isSendable = (token: string): boolean => /^[\x21-\x7e]+$/.test(token);

/** Never rejects. */
export async function fetchGatewayInfo(
  { api, token, fetch }: GatewayInfoOptions,
  signal: AbortSignal,
): Promise<InfoEvent> {
  if (!isSendable(token.reveal())) {
    return refused(new GatewayError('AUTHENTICATION_FAILED', 'the token has characters that no token has'));
  }
  let response: Response;
  try {
    const headers = { Authorization: `Bot ${token.reveal()}`, 'User-Agent': USER_AGENT, Accept: 'application/json' };
    response = await fetch(`${api}/gateway/bot`, { headers, signal });
  } catch (cause) {
    return unavailable('failed', null, cause);
  }
  let text: string;
  try {
    text = await response.text();
  } catch (cause) {
    return unavailable('broke off', null, cause);
  }
  return eventFromResponse(response.status, parseJson(text), response.headers.get('retry-after'));
}

function eventFromResponse(status: number, body: unknown, retryAfter: string | null): InfoEvent {
  if (status === 200) {
    const info = parseGatewayInfo(body);
    return typeof info === 'string' ? refused(invalid(info)) : { type: 'info.received', info };
  }
  if (status === 401)
    return refused(new GatewayError('AUTHENTICATION_FAILED', 'GET /gateway/bot answered 401: the token is not known'));
  if (status === 429) return unavailable('answered 429', retryAfterMs(body, retryAfter));
  if (status >= 500 || status === 408) return unavailable(`answered ${status}`, null);
  return refused(invalid(`answered ${status}`));
}

/** What Discord says in the body counts; who stands in front of it says it in the header. Both in seconds. */
function retryAfterMs(body: unknown, header: string | null): number | null {
  const seconds = [fieldsOf(body)['retry_after'], header === null ? Number.NaN : Number(header)].find(isDuration);
  return seconds === undefined ? null : Math.min(seconds * 1000, MAX_RETRY_AFTER_MS);
}

/** A longer ban than a day is not waited out in silence. */
const MAX_RETRY_AFTER_MS = 86_400_000;

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The answer as we use it, or what is wrong with it. */
function parseGatewayInfo(body: unknown): GatewayInfo | string {
  const { url, shards, session_start_limit: limit } = fieldsOf(body);
  const { total, remaining, reset_after: resetAfterMs, max_concurrency: maxConcurrency } = fieldsOf(limit);
  if (!isWebSocketUrl(url)) return 'gave no ws:// or wss:// URL';
  if (!isPositiveInteger(shards)) return 'gave a number of shards that is none';
  if (!isPositiveInteger(total) || !isCount(remaining) || remaining > total)
    return 'gave a budget of session starts that is none';
  if (!isDuration(resetAfterMs)) return 'gave no time until the budget is reset';
  if (!isPositiveInteger(maxConcurrency)) return 'gave no max_concurrency';
  return { url, shards, sessionStartLimit: { total, remaining, resetAfterMs, maxConcurrency } };
}
