/** What a manager resumes after a restart with other options. On real sockets, with and without threads. */
import type { GatewayPresenceUpdateData } from 'discord-api-types/v10';
import { describe, expect, test } from 'vitest';
import { MemoryIdentifyGate, MemorySessionStore, ShardManager } from '../../src/index.ts';
import type { ManagerOptions } from '../../src/index.ts';
import { FakeGateway } from '../../src/testing/index.ts';

const presence = (name: string): GatewayPresenceUpdateData =>
  ({ since: null, activities: [{ name, type: 0 }], status: 'online', afk: false }) as GatewayPresenceUpdateData;

describe('a restarted manager', () => {
  test.each([0, 1])(
    'sends a changed presence after RESUMED, and identifies with other intents (%i workers)',
    { timeout: 60_000 },
    async (workers) => {
      await using gateway = await FakeGateway.listen({ identifyIntervalMs: 0, strict: true });
      const sessionStore = new MemorySessionStore();
      /** Runs a manager, and returns what its shard sent, without heartbeats. */
      const run = async (options: Partial<ManagerOptions>) => {
        const connections = gateway.history.length;
        await using manager = new ShardManager({
          token: 'MjIyMjIyMjIyMjIyMjIyMjIy.Cl2FMQ.secret',
          intents: ['Guilds'],
          api: gateway.apiUrl,
          shards: 1,
          workers,
          sessionStore,
          identifyGate: new MemoryIdentifyGate({ spacingMs: 0, marginMs: 0 }),
          ...options,
        });
        await manager.connect();
        const connection = gateway.history[connections]!;
        await manager.shards.get(0)!.heartbeat();
        return connection.received.map(({ op }) => op).filter((op) => op !== 1);
      };
      expect(await run({ presence: presence('one') })).toEqual([2]);
      expect(await run({ presence: presence('one') })).toEqual([6]);
      expect(await run({ presence: presence('two') })).toEqual([6, 3]);
      expect(await run({ presence: presence('two') })).toEqual([6]);
      expect(await run({ presence: presence('two'), intents: ['Guilds', 'GuildMessages'] })).toEqual([2]);
      expect(gateway.complaints).toEqual([]);
      expect(await run({ token: 'MTExMTExMTExMTExMTExMTEx.Cl2FMQ.secret' })).toEqual([2]);
    },
  );
});
