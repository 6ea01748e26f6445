/** A manager on real sockets to a fake gateway. */
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { GatewayError, MemorySessionStore } from '../../src/index.ts';
import type { ManagerEvents, SessionStore } from '../../src/index.ts';
import { nextEvent, liveManager, states } from '../kit/live-manager.ts';
import { TOKEN } from '../kit/virtual-shard.ts';

describe('ShardManager', () => {
  test('connect() starts as many shards as Discord recommends and emits progress', async () => {
    await using kit = await liveManager({}, { shards: 3 });
    const { manager, gateway } = kit;
    const seen = states(manager);
    const progress: [number, number, number | null][] = [];
    manager.on('progress', ({ ready, total, remainingStarts }) => progress.push([ready, total, remainingStarts]));
    const allReady = nextEvent(manager, 'allReady');

    await manager.connect();
    await allReady;

    expect(seen).toEqual(['stopped', 'starting', 'running']);
    expect(gateway.connections.map(({ shard }) => shard)).toEqual([
      [0, 3],
      [1, 3],
      [2, 3],
    ]);
    expect(progress.at(-1)).toEqual([3, 3, 9_997]);
    expect(gateway.stats).toMatchObject({ identifies: 3, resumes: 0, violations: [] });
  });

  test('disconnect() keeps the sessions, and connect() resumes them', async () => {
    await using kit = await liveManager({ shards: 4 });
    const { manager, gateway } = kit;
    await manager.connect();
    const before = [...manager.shards.values()].map(({ session }) => session?.sessionId);
    await manager.disconnect();
    expect(manager.state).toBe('stopped');
    expect(gateway.history.map(({ closedWith }) => closedWith?.code)).toEqual([4000, 4000, 4000, 4000]);

    await manager.connect();

    expect([...manager.shards.values()].map(({ session }) => session?.sessionId)).toEqual(before);
    expect(gateway.stats).toMatchObject({ identifies: 4, resumes: 4, violations: [] });
  });

  test('the ping of a handle and of status() is null as soon as the shard has lost its connection', async () => {
    await using kit = await liveManager({ shards: 1 }, { heartbeatIntervalMs: 100 });
    const { manager, gateway } = kit;
    await manager.connect();
    const handle = manager.shards.get(0)!;
    await expect.poll(() => handle.ping).not.toBeNull();
    const lost = nextEvent(manager, 'disconnected');
    gateway.refuse();
    for (const connection of gateway.connections) connection.terminate();
    await lost;
    expect(handle.ping).toBeNull();
    expect(manager.status().shards.map(({ pingMs }) => pingMs)).toEqual([null]);
  });

  test('every event of a shard carries the id of the shard', async () => {
    await using kit = await liveManager({ shards: 2 });
    const { manager, gateway } = kit;
    const ready = new Set<number>();
    const raw = new Set<number>();
    const messages = new Map<number, string>();
    manager.on('ready', (_, shardId) => ready.add(shardId));
    manager.on('raw', ({ op }, shardId) => {
      if (op === 10) raw.add(shardId);
    });
    await manager.connect();
    const seen = new Promise((resolve) => {
      manager.onDispatch(
        'MESSAGE_CREATE',
        ({ id }, { t }, shardId) => messages.set(shardId, `${t} ${id}`).size === 2 && resolve(null),
      );
    });
    gateway.dispatch('MESSAGE_CREATE', { id: '7' });
    await seen;

    expect(ready).toEqual(new Set([0, 1]));
    expect(raw).toEqual(new Set([0, 1]));
    expect(messages).toEqual(
      new Map([
        [0, 'MESSAGE_CREATE 7'],
        [1, 'MESSAGE_CREATE 7'],
      ]),
    );
  });

  test('connect() rejects an unknown token before a socket is opened', async () => {
    await using kit = await liveManager({ token: 'wrong' });
    const { manager, gateway } = kit;
    const failed: ManagerEvents['failed'][] = [];
    manager.on('failed', (...args) => failed.push(args));

    await expect(manager.connect()).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' });

    expect(manager.state).toBe('failed');
    expect(failed.map(([{ code }, shardId]) => [code, shardId])).toEqual([['AUTHENTICATION_FAILED', null]]);
    expect(gateway.history).toEqual([]);
  });

  test('disallowed intents stop all shards with one error', async () => {
    await using kit = await liveManager({ shards: 4, intents: ['GuildMembers'] }, { disallowedIntents: 2 });
    const { manager, gateway } = kit;
    const failed: ManagerEvents['failed'][] = [];
    manager.on('failed', (...args) => failed.push(args));

    await expect(manager.connect()).rejects.toMatchObject({ code: 'DISALLOWED_INTENTS', closeCode: 4014 });
    if (manager.state !== 'failed') await nextEvent(manager, 'failed');

    expect(manager.state).toBe('failed');
    expect(failed.map(([{ code }, shardId]) => [code, shardId])).toEqual([['DISALLOWED_INTENTS', null]]);
    expect(gateway.connections).toEqual([]);
  });

  test('a failure that concerns one shard leaves the others ready, and connect() starts that shard again', async () => {
    await using kit = await liveManager({ shards: 3 });
    const { manager, gateway } = kit;
    await manager.connect();
    const failed = nextEvent(manager, 'failed');
    gateway.connections.find(({ shard }) => shard?.[0] === 1)!.close(4011);
    const [error, shardId] = await failed;

    expect(error.code).toBe('SHARDING_REQUIRED');
    expect(shardId).toBe(1);
    expect(manager.state).toBe('running');
    expect(manager.status().shards.map(({ state, failure }) => [state, failure])).toEqual([
      ['ready', null],
      ['failed', 'SHARDING_REQUIRED'],
      ['ready', null],
    ]);

    await manager.connect();

    expect(manager.status()).toMatchObject({ state: 'running', ready: 3, total: 3 });
    expect(gateway.stats.identifies).toBe(4);
  });

  test('connect() rejects once the other shards are ready if one fails for good, and they stay ready', async () => {
    await using kit = await liveManager({ shards: 3 });
    const { manager, gateway } = kit;
    manager.on('ready', () => gateway.holdReady());
    const connecting = manager.connect();
    const one = await gateway.waitForConnection(({ shard }) => shard?.[0] === 1);
    await gateway.waitForConnection(({ shard }) => shard?.[0] === 2);
    one.close(4011);
    await nextEvent(manager, 'failed');
    expect(manager.state).toBe('starting');
    gateway.releaseReady();

    await expect(connecting).rejects.toMatchObject({ code: 'SHARDING_REQUIRED' });
    expect(manager.status()).toMatchObject({ state: 'running', ready: 2 });
  });

  test('aborting a second connect() does not close shards that are ready', async () => {
    await using kit = await liveManager({ shards: 2 });
    const { manager, gateway } = kit;
    await manager.connect();
    const failed = nextEvent(manager, 'failed');
    gateway.connections[1]!.close(4011);
    await failed;
    gateway.holdReady();
    const abort = new AbortController();
    const again = manager.connect({ signal: abort.signal });
    await gateway.waitUntil(({ stats }) => stats.identifies === 3);
    abort.abort();
    await expect(again).rejects.toMatchObject({ code: 'ABORTED' });

    expect(manager.status()).toMatchObject({ state: 'starting', ready: 1 });
    gateway.releaseReady();
    await manager.connect();
  });

  test('connect() starts a shard again that does not reconnect', async () => {
    await using kit = await liveManager({ shards: 2, shouldReconnect: false });
    const { manager, gateway } = kit;
    await manager.connect();
    const lost = nextEvent(manager, 'stateChange', ({ to }) => to === 'disconnected');
    gateway.connections[0]!.terminate();
    await lost;
    await manager.connect();
    expect(manager.status()).toMatchObject({ state: 'running', ready: 2 });
  });

  test('disconnect() resolves although the gateway does not close and the store does not answer', async () => {
    const sessionStore: SessionStore = {
      load: async () => null,
      save: () => new Promise(() => undefined),
      clear: async () => undefined,
    };
    await using kit = await liveManager({ shards: 2, sessionStore });
    const { manager, gateway } = kit;
    await manager.connect();
    gateway.ignoreCloses();

    await manager.disconnect();

    expect(manager.state).toBe('stopped');
    expect([...manager.shards.values()].map(({ state }) => state)).toEqual(['disconnected', 'disconnected']);
  });

  test('forceClose() disconnects all shards synchronously, also during a resharding', async () => {
    await using kit = await liveManager({ shards: 2 });
    const { manager, gateway } = kit;
    await manager.connect();
    gateway.holdReady();
    const resharding = manager.reshard(3);
    await gateway.waitUntil(({ stats }) => stats.identifies === 5);

    manager.forceClose();

    expect([...manager.shards.values()].map(({ state }) => state)).toEqual(['disconnected', 'disconnected']);
    await expect(resharding).rejects.toMatchObject({ code: 'STOPPED' });
    await gateway.waitUntil(({ connections }) => connections.length === 0);
    await manager.disconnect();
    gateway.releaseReady();
  });

  test('a listener that throws is reported as a fault, and the other listeners are called', async () => {
    await using kit = await liveManager({ shards: 2 });
    const { manager, gateway } = kit;
    const faults: (string | number | null)[][] = [];
    manager.on('fault', ({ code, message }, shardId) => faults.push([code, message, shardId]));
    await manager.connect();
    manager.onDispatch('MESSAGE_CREATE', () => {
      throw new Error('oops');
    });
    const seen = new Promise((resolve) =>
      manager.on('dispatch', ({ t }, shardId) => t === 'MESSAGE_CREATE' && shardId === 1 && resolve(null)),
    );
    gateway.dispatch('MESSAGE_CREATE', {}, { shardId: 1 });
    await seen;
    expect(faults).toEqual([['LISTENER_THREW', 'a listener of "MESSAGE_CREATE" threw', null]]);
  });

  test('no error, event, log line or status contains the token', async () => {
    const lines: string[] = [];
    const log = (line: string): void => void lines.push(line);
    await using kit = await liveManager(
      { shards: 2, intents: ['GuildMembers'], logger: { debug: log, info: log, warn: log, error: log } },
      { disallowedIntents: 2 },
    );
    const { manager } = kit;
    const output: unknown[] = [];
    manager.on('failed', (error) => output.push(inspect(error, { depth: null })));
    manager.actor.subscribe((snapshot) => output.push(inspect(snapshot.context, { depth: null })));
    await manager.connect().catch((error: unknown) => output.push(inspect(error, { depth: null })));
    output.push(inspect(manager, { depth: null, showHidden: true }), JSON.stringify(manager.status()));
    expect([output.length > 3, ...output, ...lines].filter((text) => String(text).includes(TOKEN))).toEqual([]);
  });

  test('connect() rejects a shard count that Discord does not accept', async () => {
    await using kit = await liveManager({ shards: 3 }, { shards: 2 });
    const { manager, gateway } = kit;

    await expect(manager.connect()).rejects.toMatchObject({ code: 'INVALID_SHARD', closeCode: 4010 });

    await nextEvent(manager, 'failed').catch(() => undefined);
    await Promise.all(gateway.history.map(({ closed }) => closed));
    expect(gateway.connections).toEqual([]);
  });

  test('connect() can be aborted, and connects when it is called again', async () => {
    await using kit = await liveManager({ shards: 2 });
    const { manager, gateway } = kit;
    gateway.holdReady();
    const abort = new AbortController();
    const connecting = manager.connect({ signal: abort.signal });
    await gateway.waitForConnection(({ shard }) => shard !== null);
    abort.abort(new Error('changed my mind'));
    await expect(connecting).rejects.toMatchObject({ code: 'ABORTED', cause: new Error('changed my mind') });
    gateway.releaseReady();

    await manager.connect();

    expect(manager.status()).toMatchObject({ state: 'running', ready: 2 });
  });

  test('connect() joins a call under way, follows a disconnect(), and is rejected by a later one', async () => {
    await using kit = await liveManager({ shards: 2 });
    const { manager } = kit;
    const first = manager.connect();
    const second = manager.connect();
    await Promise.all([first, second]);
    const disconnecting = manager.disconnect();
    const reconnecting = manager.connect();
    await disconnecting;
    await reconnecting;
    expect(manager.state).toBe('running');

    await manager.disconnect();
    const again = manager.connect();
    await manager.disconnect();
    await expect(again).rejects.toMatchObject({ code: 'STOPPED' });
    expect(manager.state).toBe('stopped');
  });

  test('disconnect() also disconnects a shard started alone after a stop, and stores its session', async () => {
    const sessionStore = new MemorySessionStore();
    await using kit = await liveManager({ shards: 2, sessionStore });
    const { manager, gateway } = kit;
    await manager.connect();
    await manager.disconnect();
    const shard = manager.shards.get(1)!;
    await shard.reconnect();
    const seen = new Promise((resolve) => manager.on('dispatch', ({ t }) => t === 'MESSAGE_CREATE' && resolve(null)));
    gateway.dispatch('MESSAGE_CREATE', {});
    await seen;
    const { session } = shard;

    await manager.disconnect();

    expect(manager.state).toBe('stopped');
    expect(shard.state).toBe('disconnected');
    await gateway.waitUntil(({ connections }) => connections.length === 0);
    expect(await sessionStore.load(1)).toEqual(session);
  });

  test('disconnect() also disconnects a shard started alone after a failure, which is emitted once', async () => {
    await using kit = await liveManager({ shards: 2 });
    const { manager, gateway } = kit;
    let failures = 0;
    manager.on('failed', () => (failures += 1));
    await manager.connect();
    const failed = nextEvent(manager, 'failed');
    gateway.connections[0]!.close(4014);
    await failed;
    const shard = manager.shards.get(1)!;
    await shard.reconnect();

    await manager.disconnect();

    expect(manager.state).toBe('stopped');
    expect(shard.state).toBe('disconnected');
    expect(failures).toBe(1);
    await gateway.waitUntil(({ connections }) => connections.length === 0);
  });

  test('disconnect() can discard the sessions when all shards are already stopped', async () => {
    const sessionStore = new MemorySessionStore();
    await using kit = await liveManager({ shards: 2, sessionStore });
    const { manager } = kit;
    await manager.connect();
    await manager.disconnect();
    expect(await sessionStore.load(0)).not.toBeNull();

    await manager.disconnect({ session: 'discard' });

    expect(await sessionStore.load(0)).toBeNull();
    expect(await sessionStore.load(1)).toBeNull();
  });

  test('dispatches() returns the dispatches of all shards in order, also to a slow consumer', async () => {
    await using kit = await liveManager({ shards: 2 });
    const { manager, gateway } = kit;
    await manager.connect();
    const stream = manager.dispatches({ events: ['MESSAGE_CREATE'], highWaterMark: 4 });
    for (let n = 0; n < 2_000; n += 1)
      gateway.dispatch('MESSAGE_CREATE', { id: String(n), content: 'x'.repeat(2_000) });
    const received: Record<number, string[]> = { 0: [], 1: [] };
    for await (const { d, shardId, t } of stream) {
      expect(t).toBe('MESSAGE_CREATE');
      const ids = received[shardId]!;
      if (
        ids.push((d as { id: string }).id) === 2_000 &&
        Object.values(received).every(({ length }) => length === 2_000)
      )
        break;
    }

    const all = Array.from({ length: 2_000 }, (_, n) => String(n));
    expect(received).toEqual({ 0: all, 1: all });
  });

  test('send(), broadcast() and shardIdFor() reject before connect() and find their shards after it', async () => {
    await using kit = await liveManager({ shards: 2 });
    const { manager, gateway } = kit;
    await expect(manager.send(0, { op: 31, d: { guild_ids: ['1'] } })).rejects.toMatchObject({ code: 'NOT_CONNECTED' });
    expect(() => manager.shardIdFor('1')).toThrow(GatewayError);
    await manager.connect();

    await manager.broadcast({ op: 3, d: { since: null, activities: [], status: 'idle', afk: false } as never });
    await manager.send(1, { op: 31, d: { guild_ids: ['4194304'] } });

    await Promise.all(gateway.connections.map((connection) => connection.waitFor(3)));
    const [one] = gateway.connections.filter(({ shard }) => shard?.[0] === 1);
    await one!.waitFor(31);
    expect(manager.shardIdFor('4194304')).toBe(1);
    expect(manager.shardIdFor(8_388_608n)).toBe(0);
    expect(manager.shardIdFor('175928847299117063')).toBe(0);
    await expect(manager.send(2, { op: 31, d: { guild_ids: ['1'] } })).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
    });
    expect(() => manager.shardIdFor('me')).toThrow(/not a guild id/);
  });

  test('`await using` disconnects the manager at the end of the block', async () => {
    await using kit = await liveManager({ shards: 2 });
    {
      await using manager = kit.manager;
      await manager.connect();
    }
    expect(kit.manager.state).toBe('stopped');
    expect(kit.gateway.connections).toEqual([]);
  });
});
