/**
 * Asks Discord once how the bot may connect; the manager's statechart decides when to ask again. The token goes into
 * the header and nowhere else, above all not into errors.
 * @see https://discord.com/developers/docs/events/gateway#get-gateway-bot
 */
import type { GatewayInfo, InfoEvent } from '../../../machines/index.ts';
import { GatewayError } from '../../protocol/errors.ts';
import { isWebSocketUrl } from '../../protocol/gateway-url.ts';
import type { Token } from '../../protocol/token.ts';
import { fieldsOf, isCount, isDuration, isPositiveInteger } from '../../protocol/validation.ts';
import { USER_AGENT } from '../../version.ts';

export interface GatewayInfoOptions {
  /** The base URL, without a slash at the end. */
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

/** `fetch` rejects an invalid header with an error that contains its text, so such a token is not tried. */
const isSendable = (token: string): boolean => /^[\x21-\x7e]+$/.test(token);

/** Never rejects. */
export async function fetchGatewayInfo(
  { api, token, fetch }: GatewayInfoOptions,
  signal: AbortSignal,
): Promise<InfoEvent> {
  if (!isSendable(token.reveal())) {
    return refused(new GatewayError('AUTHENTICATION_FAILED', "the token contains characters that a token can't have"));
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
    return unavailable('was cut off', null, cause);
  }
  return eventFromResponse(response.status, parseJson(text), response.headers.get('retry-after'));
}

function eventFromResponse(status: number, body: unknown, retryAfter: string | null): InfoEvent {
  if (status === 200) {
    const info = parseGatewayInfo(body);
    return typeof info === 'string' ? refused(invalid(info)) : { type: 'info.received', info };
  }
  if (status === 401) {
    const message = 'GET /gateway/bot answered 401: Discord does not know the token';
    return refused(new GatewayError('AUTHENTICATION_FAILED', message));
  }
  if (status === 429) return unavailable('answered 429', retryAfterMs(body, retryAfter));
  if (status >= 500 || status === 408) return unavailable(`answered ${status}`, null);
  return refused(invalid(`answered ${status}`));
}

/** Discord puts the wait in the body, a proxy in front of it in the header; both in seconds. The body comes first. */
function retryAfterMs(body: unknown, header: string | null): number | null {
  const seconds = [fieldsOf(body)['retry_after'], header === null ? Number.NaN : Number(header)].find(isDuration);
  return seconds === undefined ? null : Math.min(seconds * 1000, MAX_RETRY_AFTER_MS);
}

/** After a day the request is tried again, even if Discord asked to wait longer. */
const MAX_RETRY_AFTER_MS = 86_400_000;

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Returns the answer in our form, or what is wrong with it. */
function parseGatewayInfo(body: unknown): GatewayInfo | string {
  const { url, shards, session_start_limit: limit } = fieldsOf(body);
  const { total, remaining, reset_after: resetAfterMs, max_concurrency: maxConcurrency } = fieldsOf(limit);
  if (!isWebSocketUrl(url)) return 'returned no ws:// or wss:// URL';
  if (!isPositiveInteger(shards)) return 'returned an invalid number of shards';
  if (!isPositiveInteger(total) || !isCount(remaining) || remaining > total)
    return 'returned an invalid budget of session starts';
  if (!isDuration(resetAfterMs)) return 'returned no valid time until the budget is reset';
  if (!isPositiveInteger(maxConcurrency)) return 'returned an invalid max_concurrency';
  return { url, shards, sessionStartLimit: { total, remaining, resetAfterMs, maxConcurrency } };
}
