// Compiled to CommonJS with the oldest way to resolve modules, which reads `types` and `typesVersions`, not `exports`.
import { Shard, ShardManager } from 'shardwright';
import type { ShardState } from 'shardwright';
import { toDiscordJsGateway } from 'shardwright/discordjs';
import type { DiscordJsGateway } from 'shardwright/discordjs';
import { createInspector } from 'shardwright/inspect';
import { registerWithXStateInspect } from 'shardwright/inspect/legacy';
import { shardMachine } from 'shardwright/machines';
import { FakeGateway } from 'shardwright/testing';

// @ts-expect-error -- no intent has this name; without the library's types this would pass
export const mistyped = (): Shard => new Shard({ token: 'x', intents: ['Guild'] });
export const others = [createInspector, registerWithXStateInspect] as const;
export const states: string[] = Object.keys(shardMachine.states);
export const gatewayOf = (manager: ShardManager): DiscordJsGateway => toDiscordJsGateway(manager);

async function main(): Promise<ShardState> {
  const gateway = await FakeGateway.listen();
  const shard = new Shard({ token: 'fake-token', intents: ['Guilds'], url: gateway.url });
  await shard.connect();
  const { state } = shard;
  await shard.disconnect();
  await gateway.close();
  return state;
}

void main().then((state) => {
  if (state !== 'ready') throw new Error(`the shard is ${state}`);
  console.log('module commonjs: compiles with resolution node10, connects and leaves');
});
