/**
 * The part of a gateway URL that has to be the same on all connections of a session.
 * @see https://discord.com/developers/docs/events/gateway#connecting
 */
const TRANSPORTS: ReadonlySet<string | null> = new Set([null, 'zlib-stream', 'zstd-stream']);

export interface GatewayAddress {
  readonly host: string;
  /** v, encoding and compress, to be compared. */
  readonly query: string;
  readonly isCompressed: boolean;
  /** What is wrong with the query; `null` if nothing is. */
  readonly fault: string | null;
}

export function addressOf(url: string): GatewayAddress {
  const { host, searchParams } = new URL(url);
  const [version, encoding, compress] = [
    searchParams.get('v'),
    searchParams.get('encoding'),
    searchParams.get('compress'),
  ];
  return {
    host,
    query: `v=${version} encoding=${encoding} compress=${compress}`,
    isCompressed: compress !== null,
    fault: faultOf(version, encoding, compress),
  };
}

function faultOf(version: string | null, encoding: string | null, compress: string | null): string | null {
  if (version === null || !/^\d+$/.test(version)) return 'a gateway URL without a version v';
  if (encoding !== 'json') return 'a gateway URL without encoding=json';
  return TRANSPORTS.has(compress) ? null : 'a gateway URL with an unknown compress';
}

/** The host of a URL of the gateway's; `null` when it is none. */
export const hostOf = (url: unknown): string | null =>
  typeof url === 'string' && URL.canParse(url) ? new URL(url).host : null;
