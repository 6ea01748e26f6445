/** How leases are passed to scripts, and what it means when one is no longer held. */
import type { Lease } from '../cluster/ports/ownership.ts';
import { GatewayError } from '../protocol/errors.ts';
import { unavailableError } from './redis-failure.ts';
import type { ScriptArgument } from './redis-link.ts';
import type { RedisReply } from './redis-reply.ts';

/** Names without spaces: in Redis they stand in lines of words. */
export const encodeName = (name: string): string => encodeURIComponent(name);

/** Returns a name as it is if somebody else has written it. */
export function decodeName(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** The first three arguments of each script that checks a lease. */
export const leaseArguments = ({ shardId, fence, instance }: Lease): ScriptArgument[] => [
  shardId,
  fence,
  encodeName(instance),
];

/** @throws {@link GatewayError} `FENCED` if the lease is lost; `ENGINE_UNAVAILABLE` if it has to be restored first. */
export function assertHeld(reply: RedisReply, lease: Lease): RedisReply {
  if (isForgotten(reply, lease)) throw unavailableError(`Redis has forgotten the lease of shard ${lease.shardId}`);
  return reply;
}

/** @throws {@link GatewayError} `FENCED` if the lease is lost. */
export function isForgotten({ state }: RedisReply, { shardId }: Lease): boolean {
  if (state === 'fenced')
    throw new GatewayError('FENCED', `the lease of shard ${shardId} is lost: another member may have it`);
  return state === 'forgotten';
}
