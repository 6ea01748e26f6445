import { describe, expect, onTestFinished, test } from 'vitest';
import type { FakeGatewayOptions } from '../../../src/testing/index.ts';
import { FakeGateway, VirtualClock } from '../../../src/testing/index.ts';
import { RawClient } from './raw-client.ts';

async function listen(options: FakeGatewayOptions = {}): Promise<FakeGateway> {
  const gateway = await FakeGateway.listen({ identifyIntervalMs: 0, ...options });
  onTestFinished(() => gateway.close());
  return gateway;
}

const lastSession = (gateway: FakeGateway): string => gateway.history.at(-1)?.sessionId ?? 'none';

/** Resolves with the id of a session whose client has closed with this code, or dropped the connection. */
async function disconnectedSession(gateway: FakeGateway, code?: number): Promise<string> {
  const client = await RawClient.ready(gateway);
  const sessionId = lastSession(gateway);
  if (code === undefined) client.socket.terminate();
  else client.socket.close(code);
  await gateway.history.at(-1)?.closed;
  return sessionId;
}

describe('READY of FakeGateway', () => {
  test('contains the user, the application, the session and the resume URL', async () => {
    const gateway = await listen({ readyGuilds: 4 });
    const client = await RawClient.ready(gateway, { shard: [1, 2] });
    const ready = client.packets[1];
    expect(ready).toMatchObject({
      op: 0,
      t: 'READY',
      s: 1,
      d: {
        v: 10,
        user: { bot: true, id: expect.stringMatching(/^\d{17,20}$/) as string },
        application: { id: expect.stringMatching(/^\d{17,20}$/) as string, flags: 0 },
        shard: [1, 2],
        session_id: lastSession(gateway),
        resume_gateway_url: gateway.resumeUrl,
      },
    });
    expect(new URL(gateway.resumeUrl).port).not.toBe(new URL(gateway.url).port);
  });

  test('lists the guilds of the shard as unavailable, and a GUILD_CREATE follows for each of them only', async () => {
    const guilds = [0, 1, 2, 3].map((n) => ({ id: String((BigInt(n) << 22n) | 5n), name: `guild ${n}` }));
    const gateway = await listen({ readyGuilds: guilds });
    const client = await RawClient.ready(gateway, { shard: [1, 2] });
    const created = [await client.next('GUILD_CREATE'), await client.next('GUILD_CREATE')];
    expect(client.packets[1]).toMatchObject({
      d: {
        guilds: [
          { id: guilds[1]?.id, unavailable: true },
          { id: guilds[3]?.id, unavailable: true },
        ],
      },
    });
    expect(created).toMatchObject([
      { s: 2, d: { ...guilds[1], unavailable: false, members: [{ user: { bot: true } }], stickers: [] } },
      { s: 3, d: { ...guilds[3], unavailable: false } },
    ]);
    expect(gateway.stats.dispatched).toBe(3);
  });

  test('is not followed by GUILD_CREATE without the intent Guilds', async () => {
    const gateway = await listen({ readyGuilds: 3 });
    await RawClient.ready(gateway, { intents: 1 << 9 });
    expect(gateway.stats.dispatched).toBe(1);
  });

  test('spreads made-up guilds evenly over the shards', async () => {
    const gateway = await listen({ readyGuilds: 6 });
    for (const id of [0, 1, 2]) await RawClient.ready(gateway, { shard: [id, 3] });
    expect(gateway.stats.dispatched).toBe(3 + 6);
  });
});

describe('dispatch() of FakeGateway', () => {
  test('numbers the events of each session separately, and reaches all shards or one', async () => {
    const gateway = await listen();
    const zero = await RawClient.ready(gateway, { shard: [0, 2] });
    const one = await RawClient.ready(gateway, { shard: [1, 2] });
    gateway.dispatch('ONLY_ONE', { a: 1 }, { shardId: 1 });
    gateway.dispatch('BOTH', null);
    expect(await one.next('BOTH')).toEqual({ op: 0, t: 'BOTH', s: 3, d: null });
    expect(await zero.next('BOTH')).toEqual({ op: 0, t: 'BOTH', s: 2, d: null });
    expect(zero.dispatches).toEqual([
      [1, 'READY'],
      [2, 'BOTH'],
    ]);
  });

  test('serializes the data at the time of the call', async () => {
    const gateway = await listen();
    const sessionId = await disconnectedSession(gateway);
    const data = { value: 'then' };
    gateway.dispatch('EVENT', data);
    data.value = 'now';
    const client = await RawClient.resuming(gateway, sessionId, 1);
    expect((await client.next('EVENT')).d).toEqual({ value: 'then' });
  });

  test('reaches both connections of a shard that is connected twice', async () => {
    const gateway = await listen();
    const clients = [await RawClient.ready(gateway), await RawClient.ready(gateway)];
    expect(new Set(gateway.connections.map(({ sessionId }) => sessionId)).size).toBe(2);
    gateway.dispatch('EVENT', 1);
    expect(await Promise.all(clients.map((client) => client.next('EVENT')))).toEqual([
      { op: 0, t: 'EVENT', s: 2, d: 1 },
      { op: 0, t: 'EVENT', s: 2, d: 1 },
    ]);
  });
});

describe('RESUME at FakeGateway', () => {
  test('is answered with the missed dispatches in order, RESUMED, and then new dispatches', async () => {
    const gateway = await listen();
    const sessionId = await disconnectedSession(gateway, 4000);
    for (const n of [1, 2, 3]) gateway.dispatch(`EVENT_${n}`, n);
    const client = await RawClient.resuming(gateway, sessionId, 2);
    await client.next('RESUMED');
    gateway.dispatch('AFTER', null);
    await client.next('AFTER');
    expect(client.dispatches).toEqual([
      [3, 'EVENT_2'],
      [4, 'EVENT_3'],
      [5, 'RESUMED'],
      [6, 'AFTER'],
    ]);
    expect(gateway.stats).toMatchObject({ identifies: 1, resumes: 1, replayed: 2, violations: [] });
    expect(gateway.connections[0]).toMatchObject({ sessionId, shard: [0, 1], isResumeUrl: true });
  });

  test('also works on the main URL', async () => {
    const gateway = await listen();
    const sessionId = await disconnectedSession(gateway);
    const client = await RawClient.afterHello(gateway);
    client.send(6, { token: 'fake-token', session_id: sessionId, seq: 1 });
    await client.next('RESUMED');
    expect(client.dispatches).toEqual([[2, 'RESUMED']]);
  });

  test('moves a session that is still connected, and closes its old connection', async () => {
    const gateway = await listen();
    const old = await RawClient.ready(gateway);
    const client = await RawClient.resuming(gateway, lastSession(gateway), 1);
    await client.next('RESUMED');
    expect((await old.closed).code).toBe(4000);
    gateway.dispatch('EVENT', null);
    await client.next('EVENT');
    expect(old.dispatches).toEqual([[1, 'READY']]);
  });

  test.each([2, -1, 1.5, null, '1'])(
    'with seq %j, when the session is at 1, is closed with 4007 and ends the session',
    async (seq) => {
      const gateway = await listen();
      const sessionId = await disconnectedSession(gateway);
      const client = await RawClient.resuming(gateway, sessionId, seq);
      expect((await client.closed).code).toBe(4007);
      const again = await RawClient.resuming(gateway, sessionId, 1);
      expect((await again.next(9)).d).toBe(false);
      expect(gateway.stats.violations.map(({ code }) => code)).toEqual([4007]);
    },
  );

  test('of an unknown session gets op 9 false, and IDENTIFY is then accepted on the same connection', async () => {
    const gateway = await listen();
    const client = await RawClient.resuming(gateway, 'unknown', 5);
    expect((await client.next(9)).d).toBe(false);
    client.send(2, { token: 'fake-token', intents: 0, properties: {} });
    await client.next('READY');
    expect(gateway.stats.violations).toEqual([]);
  });

  test('gets op 9 false when the buffer no longer holds the missed dispatches', async () => {
    const gateway = await listen({ replayLimit: 3 });
    const sessionId = await disconnectedSession(gateway);
    for (let n = 2; n <= 1000; n += 1) gateway.dispatch('EVENT', n);
    expect((await (await RawClient.resuming(gateway, sessionId, 996)).next(9)).d).toBe(false);
    const client = await RawClient.resuming(gateway, sessionId, 997);
    await client.next('RESUMED');
    expect(client.dispatches.map(([s]) => s)).toEqual([998, 999, 1000, 1001]);
  });
});

describe('a session of FakeGateway', () => {
  test.each([1000, 1001])('ends when the client closes with %i', async (code) => {
    const gateway = await listen();
    const client = await RawClient.resuming(gateway, await disconnectedSession(gateway, code), 1);
    expect((await client.next(9)).d).toBe(false);
  });

  test.each([4000, 4200, 3000, 1002])('is kept when the client closes with %i', async (code) => {
    const gateway = await listen();
    const client = await RawClient.resuming(gateway, await disconnectedSession(gateway, code), 1);
    expect((await client.next('RESUMED')).s).toBe(2);
  });

  test('is kept when the TCP connection drops', async () => {
    const gateway = await listen();
    const client = await RawClient.resuming(gateway, await disconnectedSession(gateway), 1);
    await client.next('RESUMED');
    expect(gateway.history[0]?.closedWith).toBeNull();
  });

  test.each([
    [1000, 'RESUMED'],
    [4000, 'RESUMED'],
    [4009, 9],
    [4003, 9],
  ])('that the gateway closed with %i is answered with %s on RESUME', async (code, answer) => {
    const gateway = await listen();
    const old = await RawClient.ready(gateway);
    const sessionId = lastSession(gateway);
    gateway.connections[0]?.close(code);
    await old.closed;
    const client = await RawClient.resuming(gateway, sessionId, 1);
    expect(await client.next(answer)).toMatchObject(answer === 9 ? { d: false } : { s: 2 });
  });

  test('expires after sessionTtlMs without a connection, and not before', async () => {
    const clock = new VirtualClock();
    const gateway = await listen({ clock, sessionTtlMs: 60_000, heartbeatIntervalMs: 3_600_000 });
    const sessionId = await disconnectedSession(gateway);
    clock.advance(60_000);
    const client = await RawClient.resuming(gateway, sessionId, 1);
    await client.next('RESUMED');
    clock.advance(120_000); // a connected session does not expire
    gateway.dispatch('STILL_THERE', null);
    expect((await client.next('STILL_THERE')).s).toBe(3);
    client.socket.terminate();
    await gateway.history.at(-1)?.closed;
    clock.advance(60_001);
    expect((await (await RawClient.resuming(gateway, sessionId, 3)).next(9)).d).toBe(false);
  });
});
