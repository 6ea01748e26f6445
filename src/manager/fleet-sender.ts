/**
 * Sends payloads on the shards of a bot: on those of this process, and in a cluster on those of other nodes by command.
 */
import { GatewayError } from '../protocol/errors.ts';
import { Opcodes } from '../protocol/opcodes.ts';
import type { SendPayload } from '../protocol/packets.ts';
import { checkPayload } from '../protocol/payloads.ts';
import { describeValue, isCount } from '../protocol/validation.ts';
import type { SendOptions } from '../shard/command-sender.ts';
import type { Fleet } from './fleet.ts';

export const notConnectedError = (operation: string): GatewayError =>
  new GatewayError('NOT_CONNECTED', `${operation} was called before connect()`);

const noShardError = (shardId: unknown): GatewayError =>
  new GatewayError('INVALID_OPTIONS', `this manager has no shard ${describeValue(shardId)}`);

const isStopped = (error: unknown): boolean => error instanceof GatewayError && error.code === 'STOPPED';

/** Rejects as `ShardManager.send()` says. */
export async function sendToShard(
  { current, node }: Fleet,
  shardId: number,
  payload: SendPayload,
  options: SendOptions = {},
): Promise<void> {
  if (current === null) throw notConnectedError('send()');
  const shard = current.handles.get(shardId);
  const commands = node?.commands ?? null;
  if (commands === null) {
    if (shard === undefined) throw noShardError(shardId);
    return shard.send(payload, options);
  }
  if (!isCount(shardId) || shardId >= current.plan.total) throw noShardError(shardId);
  if (shard === undefined) return commands.send(shardId, payload, options);
  const { payload: copy } = checkPayload(payload);
  try {
    await shard.send(copy, options);
  } catch (error) {
    // The shard moves to another node at this moment.
    if (!isStopped(error) || node?.commands !== commands) throw error;
    await commands.send(shardId, copy, options);
  }
}

/** Rejects with the first error of any shard. */
export async function sendToAllShards(fleet: Fleet, payload: SendPayload): Promise<void> {
  const { current, node } = fleet;
  if (current === null) throw notConnectedError('broadcast()');
  const { payload: copy } = checkPayload(payload);
  const ids =
    node === null ? [...current.handles.keys()] : Array.from({ length: current.plan.total }, (_, shardId) => shardId);
  const sent = ids.map((shardId) => sendToShard(fleet, shardId, copy));
  if (copy.op === Opcodes.PresenceUpdate) fleet.presence.set(copy.d);
  await Promise.all(sent);
}
