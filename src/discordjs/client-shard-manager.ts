/** The manager behind a `Client` of discord.js. The `Client` creates its shards at login and can't have others later. */
import { GatewayError } from '../protocol/errors.ts';
import { ShardManager } from '../manager/shard-manager.ts';

export class ClientShardManager extends ShardManager {
  /** Rejects with `RESHARD_REFUSED`. Restart the bot with another shard count. */
  override async reshard(total: number): Promise<void> {
    const hint = 'Restart the bot with another shardCount.';
    throw new GatewayError('RESHARD_REFUSED', `can't reshard to ${total}: a Client of discord.js keeps its shards`, {
      hint,
    });
  }
}
