/**
 * Asks Discord once how the bot may connect; the manager's statechart decides when to ask again. The token goes into
 * the header and nowhere else, above all not into errors.
 * @see https://discord.com/developers/docs/events/gateway#get-gateway-bot
 */
import type { GatewayInfo, InfoEvent } from '../../../machines/index.ts';
import { ProxyError } from '../../http/proxy/proxy-error.ts';
import { readText } from '../../http/read-text.ts';
import { parseRetryAfter } from '../../http/retry-after.ts';
import { GatewayError } from '../../protocol/errors.ts';
import type { GatewayErrorCode } from '../../protocol/errors.ts';
import { isWebSocketUrl } from '../../protocol/gateway-url.ts';
import { hostFailure, withoutRequest } from '../../protocol/network-errors.ts';
import type { Token } from '../../protocol/token.ts';
import { urlRefusal } from '../../protocol/trusted-url.ts';
import type { UrlTrust } from '../../protocol/trusted-url.ts';
import { fieldsOf, isCount, isDuration, isPositiveInteger } from '../../protocol/validation.ts';
import { USER_AGENT } from '../../version.ts';

export interface GatewayInfoOptions {
  /** The base URL, without a slash at the end. */
  readonly api: string;
  readonly token: Token;
  readonly fetch: typeof fetch;
  /** The hosts that the answer may name; `null` for any. */
  readonly allowedHosts: readonly string[] | null;
}

const invalid = (what: string): GatewayError => new GatewayError('GATEWAY_INFO_INVALID', `GET /gateway/bot ${what}`);

const refused = (failure: GatewayError): InfoEvent => ({ type: 'info.refused', failure });

const unavailable = (
  what: string,
  retryAfterMs: number | null,
  cause?: unknown,
  code: GatewayErrorCode = 'GATEWAY_INFO_FAILED',
): InfoEvent => ({
  type: 'info.unavailable',
  failure: new GatewayError(code, `GET /gateway/bot ${what}`, cause === undefined ? {} : { cause }),
  retryAfterMs,
});

/** `fetch` rejects an invalid header with an error that contains its text, so such a token is not tried. */
const isSendable = (token: string): boolean => /^[\x21-\x7e]+$/.test(token);

/** Never rejects. */
export async function fetchGatewayInfo(
  { api, token, fetch, allowedHosts }: GatewayInfoOptions,
  signal: AbortSignal,
): Promise<InfoEvent> {
  if (!isSendable(token.reveal())) {
    return refused(new GatewayError('AUTHENTICATION_FAILED', "the token contains characters that a token can't have"));
  }
  const unanswered = (what: string, cause: unknown): InfoEvent => {
    // A `fetch` of others may attach the request to its error, with the token in the headers.
    const error = withoutRequest(cause, (text) => text.replaceAll(token.reveal(), '[redacted]'));
    const message = `${what}: ${hostFailure(api, error)}`;
    return error instanceof ProxyError
      ? unavailable(message, error.retryAfterMs, error, error.code)
      : unavailable(message, null, error);
  };
  let response: Response;
  try {
    const headers = { Authorization: `Bot ${token.reveal()}`, 'User-Agent': USER_AGENT, Accept: 'application/json' };
    response = await fetch(`${api}/gateway/bot`, { headers, signal });
  } catch (cause) {
    return unanswered('failed', cause);
  }
  let text: string;
  try {
    text = await readText(response, MAX_BODY_BYTES);
  } catch (cause) {
    return unanswered('was cut off', cause);
  }
  const body = parseJson(text);
  const waitMs = retryAfterMs(body, response.headers);
  const { status } = response;
  if (status >= 500 || status === 429 || status === 408) return unavailable(`answered ${status}`, waitMs);
  // Discord answers with JSON. A page comes from something on the way: a sign-in page, a proxy, a firewall. It goes away.
  if (body === undefined) return unavailable(`answered ${status} with ${kindOf(text)}, ${NOT_JSON}`, waitMs);
  // An API with TLS vouches only for a gateway with TLS.
  return eventFromJson(status, body, { url: api.replace(/^http/, 'ws'), allowedHosts });
}

/** Part of the message when the answer is not from Discord. */
export const NOT_JSON = 'not with JSON';

/** Discord's answer has less than 1 KiB. */
const MAX_BODY_BYTES = 1024 * 1024;

const kindOf = (text: string): string =>
  text.trim() === '' ? 'nothing' : /^\s*</.test(text) ? 'a web page' : 'something else';

function eventFromJson(status: number, body: unknown, trust: UrlTrust): InfoEvent {
  if (status === 200) {
    const info = parseGatewayInfo(body, trust);
    return typeof info === 'string' ? refused(invalid(info)) : { type: 'info.received', info };
  }
  if (status === 401) {
    const message = 'GET /gateway/bot answered 401: Discord does not know the token';
    return refused(new GatewayError('AUTHENTICATION_FAILED', message));
  }
  return refused(invalid(`answered ${status}`));
}

/**
 * Discord puts the wait in the body, a proxy in front of it in the header: seconds, or a date. The body comes first.
 * @see https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
 */
function retryAfterMs(body: unknown, headers: Headers): number | null {
  const seconds = fieldsOf(body)['retry_after'];
  const ms = isDuration(seconds) ? seconds * 1000 : parseRetryAfter(headers.get('retry-after'), headers.get('date'));
  return ms === null ? null : Math.min(ms, MAX_RETRY_AFTER_MS);
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
function parseGatewayInfo(body: unknown, trust: UrlTrust): GatewayInfo | string {
  const { url, shards, session_start_limit: limit } = fieldsOf(body);
  const { total, remaining, reset_after: resetAfterMs, max_concurrency: maxConcurrency } = fieldsOf(limit);
  if (!isWebSocketUrl(url)) return 'returned no ws:// or wss:// URL';
  const refusal = urlRefusal(url, trust);
  if (refusal !== null) return `returned a URL that is not used: ${refusal}`;
  if (!isPositiveInteger(shards)) return 'returned an invalid number of shards';
  if (!isPositiveInteger(total) || !isCount(remaining) || remaining > total)
    return 'returned an invalid budget of session starts';
  if (!isDuration(resetAfterMs)) return 'returned no valid time until the budget is reset';
  if (!isPositiveInteger(maxConcurrency)) return 'returned an invalid max_concurrency';
  return { url, shards, sessionStartLimit: { total, remaining, resetAfterMs, maxConcurrency } };
}
