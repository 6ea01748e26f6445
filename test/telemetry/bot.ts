/** The bot that the recipes measure: of three shards one is closed with 4000, another with an undocumented code. */
import { PresenceUpdateStatus } from 'discord-api-types/v10';
import { MemoryIdentifyGate, ShardManager } from '../../src/index.ts';
import { FakeGateway } from '../../src/testing/index.ts';
import { QUICK } from '../kit/timing.ts';

export const SECRET_TOKEN = 'MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs';
export const SECRET_CONTENT = 'no metric may contain this text';

const promised = <T>(work: (resolve: (value: T) => void) => void): Promise<T> => new Promise(work);

/** Runs the bot, calls `report` while it is connected, and stops it. */
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
