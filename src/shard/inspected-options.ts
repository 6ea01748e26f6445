/** The options of a shard that explain what it does. None is a secret. */
import type { Compression } from '../protocol/gateway-url.ts';

/** The options that an inspector may see. */
export interface InspectedOptions {
  readonly intents: number;
  readonly version: number;
  readonly compression: Compression;
  /** The host and the port of the option `url`. */
  readonly gatewayHost: string;
  /** Whether the shard connects to it through a proxy. */
  readonly hasProxy: boolean;
  readonly shouldReconnect: boolean;
  readonly warmStart: boolean;
  readonly largeThreshold: number | null;
  readonly maxMessageBytes: number;
  readonly maxBufferedBytes: number;
  /** The number of names in the option `events`; `null` without it. */
  readonly events: number | null;
}

/** The options of a shard or a manager, as far as an inspector may see what they come to. */
interface Source extends Pick<
  InspectedOptions,
  'intents' | 'version' | 'compression' | 'shouldReconnect' | 'warmStart' | 'maxMessageBytes' | 'maxBufferedBytes'
> {
  readonly agent?: unknown;
  readonly selectProxy: ((url: URL) => unknown) | null;
  readonly largeThreshold?: number | undefined;
  readonly events: { readonly size: number } | null;
}

/** @param address - the option `url`, or what Discord gave the manager */
export function inspectedOptions(options: Source, address: string): InspectedOptions {
  const url = new URL(address);
  return {
    intents: options.intents,
    version: options.version,
    compression: options.compression,
    gatewayHost: url.host,
    hasProxy: options.agent !== undefined || (options.selectProxy?.(url) ?? null) !== null,
    shouldReconnect: options.shouldReconnect,
    warmStart: options.warmStart,
    largeThreshold: options.largeThreshold ?? null,
    maxMessageBytes: options.maxMessageBytes,
    maxBufferedBytes: options.maxBufferedBytes,
    events: options.events?.size ?? null,
  };
}
