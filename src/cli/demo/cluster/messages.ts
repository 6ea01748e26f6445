/** What the processes of the demo say to the one that started them. */
import type { ReleaseReason, ShardTiming } from '../../../index.ts';

export interface NodeConfig {
  readonly name: string;
  /** The base of the REST API of the fake gateway. */
  readonly api: string;
  readonly shards: number;
  readonly timing: Partial<ShardTiming>;
  readonly maxMovesPerSecond: number;
  /** Whether the node opens a page of the inspector. */
  readonly inspect: boolean;
}

export type NodeMessage =
  /** It has joined the cluster. */
  | { readonly kind: 'joined' }
  | { readonly kind: 'claimed'; readonly shardId: number }
  | { readonly kind: 'released'; readonly shardId: number; readonly why: ReleaseReason }
  /** The shard is ready, or no longer. */
  | { readonly kind: 'up' | 'down'; readonly shardId: number }
  | { readonly kind: 'fault'; readonly code: string; readonly message: string }
  | { readonly kind: 'inspector'; readonly url: string }
  | { readonly kind: 'failed'; readonly message: string };

/** A dispatch that a handler was called with. */
export interface Delivered {
  readonly shardId: number;
  readonly serial: number;
}

export type ConsumerMessage =
  | { readonly kind: 'started' }
  | { readonly kind: 'delivered'; readonly deliveries: readonly Delivered[] }
  | { readonly kind: 'failed'; readonly message: string };

/** How a process of the demo reaches Redis. */
export interface RedisConfig {
  readonly url: string;
  readonly app: string;
  readonly leaseTtlMs: number;
}

export interface NodeProcessConfig extends NodeConfig {
  readonly redis: RedisConfig;
}

export interface ConsumerProcessConfig {
  readonly redis: RedisConfig;
  /** The server to stop if the demo ends without having stopped it. */
  readonly redisPid: number | undefined;
}
