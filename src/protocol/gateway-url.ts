/** The URL a connection is opened with: every connection of a session has the same query, resumed or not. */

/** How the gateway compresses: by transport (`…-stream`), message by message (`payload`), or not at all. */
export type Compression = 'none' | 'payload' | 'zlib-stream' | 'zstd-stream';

/** A query of the URL's own is kept; ours is added to it. @see https://discord.com/developers/docs/events/gateway#connecting */
export function gatewayUrl(base: string, version: number, compression: Compression): URL {
  const url = new URL(base);
  url.searchParams.set('v', String(version));
  url.searchParams.set('encoding', 'json');
  if (compression.endsWith('-stream')) url.searchParams.set('compress', compression);
  return url;
}

/** Whether `url` is a WebSocket URL. */
export const isWebSocketUrl = (url: unknown): url is string =>
  typeof url === 'string' && URL.canParse(url) && /^wss?:$/.test(new URL(url).protocol);
