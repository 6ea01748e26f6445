/** The URL of a connection. Discord wants the same query for every connection of a session, resumed or not. */

/**
 * How the gateway compresses: all messages in one stream (`zlib-stream`, `zstd-stream`), each large message alone
 * (`payload`), or not at all.
 * @see https://discord.com/developers/docs/events/gateway#encoding-and-compression
 */
export type Compression = 'none' | 'payload' | 'zlib-stream' | 'zstd-stream';

/**
 * Returns the base URL with the query that Discord requires. Parameters that it already has are kept.
 * @see https://discord.com/developers/docs/events/gateway#connecting
 */
export function gatewayUrl(base: string, version: number, compression: Compression): URL {
  const url = new URL(base);
  url.searchParams.set('v', String(version));
  url.searchParams.set('encoding', 'json');
  if (compression.endsWith('-stream')) url.searchParams.set('compress', compression);
  return url;
}

/** Returns whether `url` is a `ws://` or `wss://` URL. */
export const isWebSocketUrl = (url: unknown): url is string =>
  typeof url === 'string' && parseWebSocketUrl(url) !== null;

/** Returns `null` for what is no `ws://` or `wss://` URL. */
export function parseWebSocketUrl(url: string): URL | null {
  const parsed = URL.parse(url);
  return parsed?.protocol === 'wss:' || parsed?.protocol === 'ws:' ? parsed : null;
}

/** Returns the URL without slashes at its end. A pattern would take quadratic time for many slashes. */
export function withoutTrailingSlashes(url: string): string {
  let end = url.length;
  while (url[end - 1] === '/') end -= 1;
  return url.slice(0, end);
}
