/** Resharding under load, where every event is counted, and with everything that can go wrong on the way. */
import { describe, expect, test } from 'vitest';
import { guildEvents } from '../../kit/guild-events.ts';
import {
  RULES_BROKEN_BY_HAND_OVER,
  nextEvent,
  liveManager,
  quickGate,
  quickManager,
  states,
} from '../../kit/live-manager.ts';
import { TENACIOUS } from '../../kit/timing.ts';

describe('ShardManager.reshard()', () => {
  test('delivers every event of every guild once and in order, 4 → 7 → 16 → 4 shards under load', async () => {
    await using kit = await liveManager({ shards: 4 }, {}, { broken: RULES_BROKEN_BY_HAND_OVER });
    const { manager, gateway } = kit;
    await manager.connect();
    const seen = states(manager);
    const load = guildEvents(gateway, manager);
    load.begin();
    for (const total of [7, 16, 4]) {
      const resharded = nextEvent(manager, 'resharded');
      await manager.reshard(total);
      expect((await resharded)[0].to).toBe(total);
      expect(manager.total).toBe(total);
      expect(manager.shards.size).toBe(total);
    }
    await load.end();

    expect(load.received).toEqual(load.sent);
    expect(seen).toEqual(['running', 'resharding', 'running', 'resharding', 'running', 'resharding', 'running']);
    await gateway.waitUntil(({ connections }) => connections.length === 4);
    expect(gateway.connections.map(({ shard }) => shard).every((shard) => shard?.[1] === 4)).toBe(true);
    expect(gateway.stats).toMatchObject({ identifies: 4 + 7 + 16 + 4, resumes: 0, violations: [] });
  });

  test('loses no event when connections break during the hand-over', async () => {
    await using kit = await liveManager({ shards: 4, timing: TENACIOUS }, {}, { broken: RULES_BROKEN_BY_HAND_OVER });
    const { manager, gateway } = kit;
    await manager.connect();
    const load = guildEvents(gateway, manager);
    load.begin();
    let cuts = 0;
    const cutting = setInterval(() => {
      const { connections } = gateway;
      const one = connections[(cuts * 5) % connections.length];
      if (cuts < 25 && one?.sessionId !== null) one?.terminate();
      cuts += 1;
    }, 15);
    await manager.reshard(7);
    clearInterval(cutting);
    await load.end();

    expect(load.received).toEqual(load.sent);
  });

  test('delivers events without a guild once', async () => {
    await using kit = await liveManager({ shards: 2 }, {}, { broken: RULES_BROKEN_BY_HAND_OVER });
    const { manager, gateway } = kit;
    await manager.connect();
    const received: string[] = [];
    manager.onDispatch('TYPING_START', ({ user_id: id }) => received.push(id));
    let sent = 0;
    const timer = setInterval(
      () => gateway.dispatch('TYPING_START', { user_id: String((sent += 1)) }, { shardId: 0 }),
      1,
    );
    await manager.reshard(3);
    clearInterval(timer);
    const last = new Promise((resolve) => manager.onDispatch('END', resolve));
    gateway.dispatch('END', {}, { shardId: 0 });
    await last;

    expect(received).toEqual(Array.from({ length: sent }, (_, n) => String(n + 1)));
  });

  test('does not deliver the READY and the first guilds of the new sessions', async () => {
    await using kit = await liveManager({ shards: 2 }, { readyGuilds: 20 }, { broken: RULES_BROKEN_BY_HAND_OVER });
    const { manager } = kit;
    const created: string[] = [];
    const readies: number[] = [];
    manager.onDispatch('GUILD_CREATE', ({ id }: { id: string }) => created.push(id));
    manager.onDispatch('READY', (_, __, shardId) => readies.push(shardId));
    await manager.connect();
    await manager.reshard(4);

    expect(created.length).toBe(20);
    expect(new Set(created).size).toBe(20);
    expect(readies.length).toBe(2);
  });

  test('rejects with too few session starts for the new shards, and the old ones stay', async () => {
    await using kit = await liveManager({ shards: 2, sessionStartReserve: 2 }, { sessionStartLimit: { total: 8 } });
    const { manager, gateway } = kit;
    await manager.connect();

    await expect(manager.reshard(5)).rejects.toMatchObject({
      code: 'IDENTIFY_BUDGET_SPENT',
      message: '5 shards need 5 session starts; 6 are left, 2 of them reserved, until the reset in 1440 min',
    });

    expect(manager.state).toBe('running');
    expect(manager.total).toBe(2);
    expect(gateway.stats.identifies).toBe(2);
    expect(gateway.connections.length).toBe(2);
  });

  test('rejects a count that Discord does not accept, and the old shards stay', async () => {
    await using kit = await liveManager({ shards: 4 }, { shards: 4 });
    const { manager, gateway } = kit;
    await manager.connect();
    const load = guildEvents(gateway, manager);
    load.begin();

    await expect(manager.reshard(7)).rejects.toMatchObject({
      code: 'INVALID_SHARD',
      closeCode: 4010,
      hint: expect.stringMatching(/multiple/),
    });
    await load.end();

    expect(manager.state).toBe('running');
    expect(manager.total).toBe(4);
    expect(load.received).toEqual(load.sent);
  });

  test('rejects before connect(), during another resharding, and if the manager runs only some shards', async () => {
    await using kit = await liveManager({ shards: 2 });
    const { manager, gateway } = kit;
    const refusal = { code: 'RESHARD_REFUSED' };
    await expect(manager.reshard(4)).rejects.toMatchObject(refusal);
    await expect(manager.reshard(0)).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
    await manager.connect();
    await manager.reshard(2);
    gateway.holdReady();
    const abort = new AbortController();
    const resharding = manager.reshard(4, { signal: abort.signal });
    await expect(manager.reshard(5)).rejects.toMatchObject(refusal);
    abort.abort();
    await expect(resharding).rejects.toMatchObject({ code: 'ABORTED' });
    gateway.releaseReady();

    await using part = quickManager(gateway, { shards: { total: 4, ids: [1, 3] } });
    await part.connect();
    expect([...part.shards.keys()]).toEqual([1, 3]);
    await expect(part.reshard(8)).rejects.toMatchObject(refusal);
  });

  test('leaves the old shards in service when it is aborted, and can be called again', async () => {
    await using kit = await liveManager({ shards: 2 }, {}, { broken: RULES_BROKEN_BY_HAND_OVER });
    const { manager, gateway } = kit;
    await manager.connect();
    const load = guildEvents(gateway, manager);
    load.begin();
    gateway.holdReady();
    const abort = new AbortController();
    const resharding = manager.reshard(4, { signal: abort.signal });
    await gateway.waitUntil(({ connections }) => connections.filter(({ shard }) => shard?.[1] === 4).length === 4);
    expect(manager.status()).toMatchObject({ state: 'resharding', total: 2, resharding: { total: 4, ready: 0 } });
    abort.abort();
    await expect(resharding).rejects.toMatchObject({ code: 'ABORTED' });
    gateway.releaseReady();
    await gateway.waitUntil(({ connections }) => connections.length === 2);
    expect(manager.state).toBe('running');
    expect(manager.total).toBe(2);

    await manager.reshard(4);
    await load.end();

    expect(manager.total).toBe(4);
    expect(load.received).toEqual(load.sent);
  });

  test('keeps only the old sessions when disconnect() is called meanwhile', async () => {
    await using kit = await liveManager({ shards: 2, identifyGate: quickGate() });
    const { manager, gateway } = kit;
    await manager.connect();
    const before = [...manager.shards.values()].map(({ session }) => session?.sessionId);
    gateway.holdReady();
    const resharding = manager.reshard(4);
    await gateway.waitUntil(({ connections }) => connections.filter(({ shard }) => shard?.[1] === 4).length === 4);
    await manager.disconnect();
    await expect(resharding).rejects.toMatchObject({ code: 'STOPPED' });
    gateway.releaseReady();
    expect(gateway.connections).toEqual([]);

    await manager.connect();

    expect([...manager.shards.values()].map(({ session }) => session?.sessionId)).toEqual(before);
    expect(gateway.stats.resumes).toBe(2);
  });
});
