/** What the parts of an open engine share. */
import type { RedisKeyspace } from './redis-keys.ts';
import type { RedisLink } from './redis-link.ts';
import type { RedisPlan } from './redis-succession.ts';
import type { RedisMessages } from './redis-messages.ts';

export interface RedisContext {
  readonly link: RedisLink;
  readonly keyspace: RedisKeyspace;
  readonly messages: RedisMessages;
  readonly leaseTtlMs: number;
  /** Resolves with what is agreed. */
  plan(): Promise<RedisPlan>;
}
