/** The interface through which the bench uses every gateway client. */
import type { Transport } from '../server/recording.ts';

export interface Event {
  readonly t: string | null;
  readonly s: number | null;
  readonly d: unknown;
}

/** How the bench listens to our shard. All other clients support `all` only. */
export type Variant =
  | 'all'
  | 'unread'
  | 'one-event'
  | 'ten-listeners'
  | 'observer'
  | 'page'
  | 'recorder'
  /** As `all`, but each shard connects when the one before is ready, as with a gate that spaces IDENTIFYs. */
  | 'in-turn';

export interface AdapterOptions {
  /** `ws://127.0.0.1:PORT`. */
  readonly url: string;
  /** `http://127.0.0.1:PORT/api/v10`. */
  readonly apiUrl: string;
  readonly transport: Transport;
  /** The number of connections, all in one process. */
  readonly shards: number;
  readonly variant: Variant;
  /** Whether to decompress with zlib-sync, where the client has the choice. */
  readonly nativeZlib: boolean;
  /** Whether to reconnect without the waits that protect Discord, where the client has the option. */
  readonly withoutBackoff: boolean;
  /** The number of threads of a manager. */
  readonly workers: number;
  readonly onDispatch: (event: Event) => void;
}

export interface ClientAdapter {
  /** Resolves when all shards are ready. */
  connect(): Promise<void>;
}

export type CreateAdapter = (options: AdapterOptions) => ClientAdapter | Promise<ClientAdapter>;

interface ReadyCounter {
  /** Counts one shard as ready. */
  readonly count: () => void;
  /** Resolves when `started` has resolved and all shards are ready. */
  readonly after: (started: unknown) => Promise<void>;
}

export function countReady(shards: number): ReadyCounter {
  const { promise, resolve } = Promise.withResolvers<void>();
  let left = shards;
  return {
    count: () => {
      left -= 1;
      if (left === 0) resolve();
    },
    after: async (started) => {
      await started;
      await promise;
    },
  };
}

interface WholeClient {
  on(event: 'error', listener: () => void): unknown;
  on(event: 'shardReady', listener: () => void): unknown;
  connect(): unknown;
}

/** Returns the adapter of a client that emits `shardReady` for each shard. */
export function clientAdapter(client: WholeClient, shards: number): ClientAdapter {
  const ready = countReady(shards);
  client.on('shardReady', ready.count);
  // Without a listener, the error of a lost connection would be thrown.
  client.on('error', () => undefined);
  return { connect: () => ready.after(client.connect()) };
}
