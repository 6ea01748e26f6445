import { describe, expect, onTestFinished, test } from 'vitest';
import type { FakeGatewayOptions } from '../../../src/testing/index.ts';
import { FakeGateway, VirtualClock } from '../../../src/testing/index.ts';
import { RawClient, TOKEN, identity } from './raw-client.ts';

async function listen(options: FakeGatewayOptions = {}): Promise<FakeGateway> {
  const gateway = await FakeGateway.listen({ token: TOKEN, identifyIntervalMs: 0, ...options });
  onTestFinished(() => gateway.close());
  return gateway;
}

const codes = (gateway: FakeGateway): unknown[] => gateway.stats.violations.map(({ code }) => code);

/** Sends a frame after HELLO, or after READY. Resolves with the close code of the gateway. */
async function closeCodeFor(frame: string | object, options: FakeGatewayOptions = {}, ready = false): Promise<number> {
  const gateway = await listen(options);
  const client = ready ? await RawClient.ready(gateway) : await RawClient.afterHello(gateway);
  client.socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  const { code } = await client.closed;
  expect(codes(gateway)).toEqual([code]);
  return code;
}

const identify = (fields: object): object => ({ op: 2, d: { ...identity, ...fields } });

const presenceFrame = (name: string): string =>
  JSON.stringify({ op: 3, d: { since: null, activities: [{ name, type: 0 }], status: 'dnd', afk: false } });
const FRAME_OF_4096 = presenceFrame('é'.repeat((4096 - presenceFrame('').length) / 2));

describe('FakeGateway and a correct client', () => {
  test('a client that keeps the rules causes no violation', async () => {
    const gateway = await listen();
    const client = await RawClient.afterHello(gateway);
    client.send(1, null);
    await client.next(11);
    client.send(2, {
      ...identity,
      shard: [1, 2],
      intents: (1 << 0) | (1 << 25),
      large_threshold: 250,
      compress: false,
    });
    await client.next('READY');
    client.send(1, 1);
    await client.next(11);
    client.send(3, { since: null, activities: [], status: 'online', afk: false });
    client.socket.close(4000);
    await client.closed;
    expect(gateway.stats.violations).toEqual([]);
    expect(gateway.history[0]?.received.map(({ op }) => op)).toEqual([1, 2, 1, 3]);
  });

  test('a token with the prefix Bot is accepted', async () => {
    const gateway = await listen();
    const client = await RawClient.afterHello(gateway);
    client.send(2, { ...identity, token: `Bot ${TOKEN}` });
    await client.next('READY');
    expect(gateway.stats.violations).toEqual([]);
  });
});

describe('FakeGateway closes with 4001', () => {
  test('after an unknown opcode', async () => expect(await closeCodeFor({ op: 99, d: {} })).toBe(4001));
  test.each([0, 7, 9, 10, 11])('after op %i, which only the gateway sends', async (op) => {
    expect(await closeCodeFor({ op, d: null }, {}, true)).toBe(4001);
  });
});

describe('FakeGateway closes with 4002', () => {
  test.each(['{"op":1,', 'null', '[]', '"text"', '17', '{"d":1}', '{"op":"1"}'])('after the frame %s', async (text) => {
    expect(await closeCodeFor(text)).toBe(4002);
  });
  test('after 4097 bytes, while 4096 are accepted', async () => {
    const gateway = await listen();
    const client = await RawClient.ready(gateway);
    expect(Buffer.byteLength(FRAME_OF_4096)).toBe(4096);
    client.socket.send(FRAME_OF_4096);
    client.send(1, null);
    await client.next(11);
    client.socket.send(`${FRAME_OF_4096} `);
    expect((await client.closed).code).toBe(4002);
  });
  test('after two megabytes', async () => expect(await closeCodeFor('x'.repeat(2 << 20))).toBe(4002));
  test('after text that is not UTF-8', async () => {
    const gateway = await listen();
    const client = await RawClient.afterHello(gateway);
    client.socket.send(Buffer.from([0xff, 0xfe]), { binary: false });
    expect((await client.closed).code).toBe(4002);
    expect((await gateway.history[0]?.closed)?.by).toBe('gateway');
  });
  test('after a heartbeat whose d is not a sequence', async () =>
    expect(await closeCodeFor({ op: 1, d: 'one' })).toBe(4002));
  test('after IDENTIFY without properties', async () =>
    expect(await closeCodeFor(identify({ properties: 1 }))).toBe(4002));
  test('after IDENTIFY with a large_threshold of 251', async () =>
    expect(await closeCodeFor(identify({ large_threshold: 251 }))).toBe(4002));
  test.each([
    ['Request Guild Members without query and user_ids', { op: 8, d: { guild_id: '1' } }],
    ['Voice State Update without a channel', { op: 4, d: { guild_id: '1' } }],
    ['a presence of null', { op: 3, d: null }],
  ])('after %s', async (_name, packet) => expect(await closeCodeFor(packet, {}, true)).toBe(4002));
});

describe('FakeGateway closes with 4003', () => {
  test.each([3, 4, 8, 31, 43])('after op %i before IDENTIFY', async (op) =>
    expect(await closeCodeFor({ op, d: {} })).toBe(4003),
  );
  test('after IDENTIFY before HELLO', async () => {
    const gateway = await listen();
    gateway.holdHello();
    const client = new RawClient(gateway);
    await gateway.waitForConnection();
    client.socket.once('open', () => client.send(2, identity));
    expect((await client.closed).code).toBe(4003);
    expect(client.packets).toEqual([]);
  });
});

describe('FakeGateway closes with 4004', () => {
  test('after IDENTIFY with a wrong token', async () =>
    expect(await closeCodeFor(identify({ token: 'no' }))).toBe(4004));
  test('after IDENTIFY with another prefix than Bot', async () =>
    expect(await closeCodeFor(identify({ token: `Bearer ${TOKEN}` }))).toBe(4004));
  test('after RESUME with a wrong token', async () => {
    expect(await closeCodeFor({ op: 6, d: { token: 'no', session_id: 'x', seq: 1 } })).toBe(4004);
  });
});

describe('FakeGateway closes with 4005', () => {
  test('after a second IDENTIFY', async () => expect(await closeCodeFor(identify({}), {}, true)).toBe(4005));
  test('after RESUME on an identified connection', async () => {
    expect(await closeCodeFor({ op: 6, d: { token: TOKEN, session_id: 'x', seq: 1 } }, {}, true)).toBe(4005);
  });
  test('after a second IDENTIFY while READY is held', async () => {
    const gateway = await listen();
    gateway.holdReady();
    const client = await RawClient.afterHello(gateway);
    client.send(2, identity);
    client.send(2, identity);
    expect((await client.closed).code).toBe(4005);
  });
});

describe('FakeGateway closes with 4008', () => {
  test('after frame 121 within 60 s, heartbeats and IDENTIFY included', async () => {
    const clock = new VirtualClock();
    const gateway = await listen({ clock });
    const client = await RawClient.ready(gateway);
    for (let n = 0; n < 119; n += 1) client.send(1, null);
    await gateway.waitUntil(({ stats }) => stats.heartbeats === 119);
    client.send(1, null);
    expect((await client.closed).code).toBe(4008);
    expect(gateway.stats.heartbeats).toBe(119);
  });

  test('when any 60 s hold more than 120 frames, because the window slides', async () => {
    const clock = new VirtualClock();
    const gateway = await listen({ clock, heartbeatIntervalMs: 3_600_000 });
    const client = await RawClient.ready(gateway);
    clock.advance(59_000);
    for (let n = 0; n < 119; n += 1) client.send(1, null);
    await gateway.waitUntil(({ stats }) => stats.heartbeats === 119);
    clock.advance(1000);
    client.send(1, null); // the IDENTIFY has just left the window
    await gateway.waitUntil(({ stats }) => stats.heartbeats === 120);
    client.send(1, null);
    expect((await client.closed).code).toBe(4008);
  });

  test('after heartbeats beyond twice the announced rate, when the announced interval is below 1 s', async () => {
    const gateway = await listen({ clock: new VirtualClock(), heartbeatIntervalMs: 300 });
    const client = await RawClient.afterHello(gateway);
    for (let n = 0; n < 400 + 121; n += 1) client.send(1, null);
    expect((await client.closed).code).toBe(4008);
    expect(gateway.stats.heartbeats).toBe(400 + 120);
  });
});

describe('FakeGateway closes with 4009', () => {
  test('when no heartbeat came for one and a half intervals', async () => {
    const clock = new VirtualClock();
    const gateway = await listen({ clock });
    const client = await RawClient.ready(gateway);
    clock.advance(41_250);
    client.send(1, 1);
    await client.next(11);
    clock.advance(61_874);
    client.send(1, 1);
    await client.next(11); // the connection is still open
    clock.advance(61_875);
    expect((await client.closed).code).toBe(4009);
    expect(codes(gateway)).toEqual([4009]);
  });

  test('when a heartbeat is 500 ms late and the interval is shorter', async () => {
    const clock = new VirtualClock();
    const gateway = await listen({ clock, heartbeatIntervalMs: 60 });
    const client = await RawClient.afterHello(gateway);
    clock.advance(559);
    client.send(1, null);
    await client.next(11);
    clock.advance(560);
    expect((await client.closed).code).toBe(4009);
  });
});

describe('FakeGateway closes with 4010', () => {
  test.each([[[1, 1]], [[-1, 2]], [[0.5, 2]], [[0, 0]], [[0]], ['0,1'], [[0, '1']]])(
    'after IDENTIFY with the shard %j',
    async (shard) => {
      expect(await closeCodeFor(identify({ shard }))).toBe(4010);
    },
  );
  test('after a shard count that is not a multiple of the recommended count', async () => {
    expect(await closeCodeFor(identify({ shard: [0, 6] }), { shards: 4 })).toBe(4010);
  });
  test('but not after a multiple of the recommended count', async () => {
    const gateway = await listen({ shards: 4 });
    const client = await RawClient.ready(gateway, { shard: [7, 8] });
    expect(client.packets.at(-1)?.t).toBe('READY');
  });
});

test('FakeGateway closes with 4011 after IDENTIFY without shard, when several shards are recommended', async () => {
  expect(await closeCodeFor(identify({}), { shards: 2 })).toBe(4011);
});

describe('FakeGateway closes with 4012', () => {
  test.each(['encoding=json', 'v=5&encoding=json', 'v=ten&encoding=json'])(
    'instead of HELLO, after the query %s',
    async (query) => {
      const gateway = await listen();
      const client = new RawClient(gateway, { query });
      expect((await client.closed).code).toBe(4012);
      expect(client.packets).toEqual([]);
      expect(codes(gateway)).toEqual([4012]);
    },
  );
});

describe('FakeGateway closes with 4013', () => {
  test.each([['1'], [-1], [1.5], [null], [1 << 17], [2 ** 40]])(
    'after IDENTIFY with the intents %j',
    async (intents) => {
      expect(await closeCodeFor(identify({ intents }))).toBe(4013);
    },
  );
});

describe('FakeGateway closes with 4014', () => {
  test('after IDENTIFY with intents that the bot is not allowed', async () => {
    expect(await closeCodeFor(identify({ intents: 1 | 2 }), { disallowedIntents: 2 | 256 })).toBe(4014);
  });
  test('but not after other privileged intents', async () => {
    const gateway = await listen({ disallowedIntents: 2 });
    await RawClient.ready(gateway, { intents: 1 | 4 });
    expect(gateway.stats.violations).toEqual([]);
  });
});

test('a violation of FakeGateway names the close code, the act, the connection and the time', async () => {
  const clock = new VirtualClock();
  const gateway = await listen({ clock });
  await RawClient.ready(gateway);
  const client = await RawClient.afterHello(gateway);
  client.send(99);
  await client.closed;
  expect(gateway.stats.violations).toEqual([
    { code: 4001, what: 'op 99 is not an opcode that clients may send', connection: 1, at: clock.now() },
  ]);
});
