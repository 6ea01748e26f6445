import { Shard } from 'shardwright';
import type { ShardState } from 'shardwright';
import { FakeGateway } from 'shardwright/testing';

export async function connectTo(gateway: FakeGateway): Promise<ShardState> {
  const shard = new Shard({ token: 'x', intents: 0, url: gateway.url });
  await shard.connect();
  return shard.state;
}
