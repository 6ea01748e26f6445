/**
 * The parts of a gateway URL that must be the same on all connections of a session.
 * @see https://discord.com/developers/docs/events/gateway#connecting
 */
const TRANSPORTS: ReadonlySet<string | null> = new Set([null, 'zlib-stream', 'zstd-stream']);

export interface GatewayAddress {
  readonly host: string;
  /** `v`, `encoding` and `compress`, as a text to compare. */
  readonly query: string;
  readonly isCompressed: boolean;
  /** What is wrong with the query; `null` if it is valid. */
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
  if (version === null || !/^\d+$/.test(version)) return 'the gateway URL has no version v';
  if (encoding !== 'json') return 'the gateway URL has no encoding=json';
  return TRANSPORTS.has(compress) ? null : 'the gateway URL has an unknown compress';
}

/** Returns the host of a URL; `null` when it is not a URL. */
export const hostOf = (url: unknown): string | null =>
  typeof url === 'string' && URL.canParse(url) ? new URL(url).host : null;
