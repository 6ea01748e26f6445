/** What the recipes measure: three shards of a bot, one of which loses its connection, another is closed with a code nobody knows. */
import { PresenceUpdateStatus } from 'discord-api-types/v10';
import { MemoryIdentifyGate, ShardManager } from '../../src/index.ts';
import { FakeGateway } from '../../src/testing/index.ts';
import { QUICK } from '../kit/timing.ts';

export const SECRET_TOKEN = 'MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs';
export const SECRET_CONTENT = 'nobody measures what people say';

const promised = <T>(work: (resolve: (value: T) => void) => void): Promise<T> => new Promise(work);

/** Lives, is measured by `report` while it does, and ends. */
export async function runBot(report: () => Promise<void>): Promise<void> {
  await using gateway = await FakeGateway.listen({
    token: SECRET_TOKEN,
    shards: 3,
    heartbeatIntervalMs: 1_000,
    identifyIntervalMs: 0,
  });
  await using manager = new ShardManager({
    token: SECRET_TOKEN,
    intents: ['Guilds'],
    api: gateway.apiUrl,
    timing: QUICK,
    identifyGate: new MemoryIdentifyGate({ spacingMs: 0, marginMs: 0, total: 100 }),
  });
  await manager.connect();
  await manager.send(1, {
    op: 3,
    d: {
      since: null,
      activities: [{ name: SECRET_CONTENT, type: 0 }],
      status: PresenceUpdateStatus.Online,
      afk: false,
    },
  });
  for (const [shardId, code] of [
    [0, 4000],
    [1, 4321],
  ] as const) {
    const resumed = promised<void>((resolve) => void manager.on('resumed', (_, id) => id === shardId && resolve()));
    gateway.connections.find(({ shard }) => shard?.[0] === shardId)?.close(code, SECRET_CONTENT);
    gateway.dispatch('MESSAGE_CREATE', { content: SECRET_CONTENT }, { shardId });
    await resumed;
  }
  await promised<void>((resolve) => void manager.on('heartbeat', () => resolve()));
  await report();
}
