/** A gateway client, reduced to what the bench does with it. */
import type { Transport } from '../server/recording.ts';

export interface Event {
  readonly t: string | null;
  readonly s: number | null;
  readonly d: unknown;
}

/** How our shard is listened to; the other clients have `all` only. */
export type Variant = 'all' | 'unread' | 'one-event' | 'ten-listeners' | 'observer' | 'page';

export interface AdapterOptions {
  /** `ws://127.0.0.1:PORT`. */
  readonly url: string;
  /** `http://127.0.0.1:PORT/api/v10`. */
  readonly apiUrl: string;
  readonly transport: Transport;
  /** As many connections, in one process. */
  readonly shards: number;
  readonly variant: Variant;
  /** Whether lost connections come back without the waits that protect Discord, where that can be said. */
  readonly withoutBackoff: boolean;
  /** Threads of a manager. */
  readonly workers: number;
  readonly onDispatch: (event: Event) => void;
}

export interface ClientAdapter {
  /** Settles when all shards are ready. */
  connect(): Promise<void>;
}

export type CreateAdapter = (options: AdapterOptions) => ClientAdapter | Promise<ClientAdapter>;

/** Counts to `count`, then settles. */
export function countdown(count: number): { down: () => void; done: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>();
  let left = count;
  return {
    down: () => {
      left -= 1;
      if (left === 0) resolve();
    },
    done: promise,
  };
}
