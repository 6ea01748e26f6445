/** A shard with a gateway in memory, both on one virtual clock. */
import { Shard } from '../../src/index.ts';
import type { ShardOptions } from '../../src/index.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { MemoryGateway } from './memory-gateway.ts';
import { recordEvents } from './record-events.ts';

export const TOKEN = 'MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs';

export function virtualShard(options: Partial<ShardOptions> = {}, clock = new VirtualClock()) {
  const gateway = new MemoryGateway(clock);
  const shard = new Shard({
    token: TOKEN,
    intents: ['Guilds'],
    url: 'wss://main.test',
    compression: 'none',
    createSocket: gateway.createSocket,
    clock,
    random: () => 0.5,
    ...options,
  });
  return { clock, gateway, shard, events: recordEvents(shard) };
}

export async function readyShard(options: Partial<ShardOptions> = {}) {
  const kit = virtualShard(options);
  const connected = kit.shard.connect();
  await kit.clock.advanceAsync(100);
  await connected;
  return kit;
}
