import { constants, inflateSync } from 'node:zlib';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { FakeConnection, FakeGatewayOptions } from '../../../src/testing/index.ts';
import { FakeGateway } from '../../../src/testing/index.ts';
import { RawClient, TOKEN, identity } from './raw-client.ts';

async function listen(options: FakeGatewayOptions = {}): Promise<FakeGateway> {
  const gateway = await FakeGateway.listen({ identifyIntervalMs: 0, ...options });
  onTestFinished(() => gateway.close());
  return gateway;
}

async function connected(options: FakeGatewayOptions = {}): Promise<[FakeGateway, RawClient, FakeConnection]> {
  const gateway = await listen(options);
  const client = await RawClient.ready(gateway);
  return [gateway, client, await gateway.waitForConnection()];
}

/** Sends a heartbeat and waits for its ACK, so that everything sent before has arrived. */
async function roundTrip(client: RawClient): Promise<void> {
  client.send(1, null);
  await client.next(11);
}

const inflate = (...parts: (Buffer | undefined)[]): string =>
  inflateSync(Buffer.concat(parts.map((part) => part ?? Buffer.alloc(0))), {
    finishFlush: constants.Z_SYNC_FLUSH,
  }).toString();

/** Resolves with the result of a new connection: `HELLO`, or an error message. */
async function outcome(gateway: FakeGateway, url: string): Promise<string> {
  const client = new RawClient(gateway, { url });
  return await Promise.race([client.failed.then(({ message }) => message), client.next(10).then(() => 'HELLO')]);
}

/** Resolves only if the gateway has not answered the close: a client reads nothing after the answer. */
async function expectStillReading(client: RawClient, connection: FakeConnection | undefined): Promise<void> {
  connection?.sendRaw('{"op":77}');
  while (client.packets.at(-1)?.op !== 77) await client.nextChange();
}

describe('FakeConnection', () => {
  test('close() sends a close frame with code and reason, after everything sent before', async () => {
    const [gateway, client, connection] = await connected();
    gateway.dispatch('LAST', null);
    connection.close(4321, 'because');
    expect(await client.closed).toEqual({ code: 4321, reason: 'because' });
    expect(client.dispatches.at(-1)).toEqual([2, 'LAST']);
    expect(await connection.closed).toEqual({ by: 'gateway', code: 4321, reason: 'because' });
    expect(connection.closedWith).toBeNull();
  });

  test('close() without a code sends a close frame without one', async () => {
    const [, client, connection] = await connected();
    connection.close();
    expect(await client.closed).toEqual({ code: 1005, reason: '' });
  });

  test('terminate() drops the TCP connection', async () => {
    const [gateway, client, connection] = await connected();
    connection.terminate();
    expect((await client.closed).code).toBe(1006);
    expect(await connection.closed).toEqual({ by: 'gateway', code: null, reason: '' });
    expect(gateway.connections).toEqual([]);
    expect(gateway.history).toEqual([connection]);
  });

  test('end() drops the TCP connection when the client has everything sent before', async () => {
    const [gateway, client, connection] = await connected();
    gateway.dispatch('LARGE', 'x'.repeat(8 * 1024 * 1024));
    client.send(1, null);
    connection.end();
    gateway.dispatch('TOO_LATE', null);
    expect((await client.closed).code).toBe(1006);
    expect(client.dispatches.at(-1)).toEqual([2, 'LARGE']);
    expect(await connection.closed).toEqual({ by: 'gateway', code: null, reason: '' });
  });

  test('requestReconnect() sends op 7, before HELLO and after READY', async () => {
    const gateway = await listen();
    gateway.holdHello();
    const client = new RawClient(gateway);
    const connection = await gateway.waitForConnection();
    connection.requestReconnect();
    await client.next(7);
    expect(client.packets.map(({ op }) => op)).toEqual([7]);
    gateway.releaseHello();
    await client.next(10);
    client.send(2, identity);
    await client.next('READY');
    connection.requestReconnect();
    await client.next(7);
    await roundTrip(client);
  });

  test('invalidateSession(false) ends the session', async () => {
    const [gateway, client, connection] = await connected();
    const { sessionId } = connection;
    connection.invalidateSession(false);
    expect((await client.next(9)).d).toBe(false);
    expect(connection.sessionId).toBeNull();
    await (await RawClient.resuming(gateway, sessionId ?? '', 1)).next(9);
    client.send(3, {});
    expect((await client.closed).code).toBe(4003);
    expect(gateway.stats.violations).toEqual([]); // the frame may have crossed op 9
  });

  test('invalidateSession(true) keeps the session, which can be resumed on the same connection', async () => {
    const [gateway, client, connection] = await connected();
    const { sessionId } = connection;
    connection.invalidateSession(true);
    gateway.dispatch('EVENT', null);
    expect((await client.next(9)).d).toBe(true);
    client.send(6, { token: TOKEN, session_id: sessionId, seq: 1 });
    await client.next('RESUMED');
    expect(client.dispatches).toEqual([
      [1, 'READY'],
      [2, 'EVENT'],
      [3, 'RESUMED'],
    ]);
    expect(connection.sessionId).toBe(sessionId);
  });

  test('invalidateSession() works before there is a session', async () => {
    const gateway = await listen();
    const client = await RawClient.afterHello(gateway);
    (await gateway.waitForConnection()).invalidateSession(false);
    await client.next(9);
    client.send(2, identity);
    await client.next('READY');
    expect(gateway.stats.violations).toEqual([]);
  });

  test('requestHeartbeat() sends op 1', async () => {
    const [, client, connection] = await connected();
    connection.requestHeartbeat();
    expect(await client.next(1)).toMatchObject({ op: 1 });
  });

  test('holdAcks() holds the ACKs, and releaseAcks() sends them late', async () => {
    const [gateway, client, connection] = await connected();
    connection.holdAcks();
    client.send(1, 1);
    client.send(1, 1);
    await connection.waitFor(1, 2);
    gateway.dispatch('EVENT', null);
    await client.next('EVENT');
    expect(client.packets.map(({ op }) => op)).not.toContain(11);
    connection.releaseAcks();
    await client.next(11);
    await client.next(11);
    await roundTrip(client);
  });

  test('sendRaw() sends any text or bytes', async () => {
    const [, client, connection] = await connected();
    connection.sendRaw('{"op":77}');
    connection.sendRaw(Uint8Array.of(1, 2, 3));
    await client.next(77);
    while (client.frames.length < 4) await client.nextChange();
    expect(client.frames[3]).toEqual({ data: Buffer.from([1, 2, 3]), isBinary: true });
  });

  test.each([true, false])(
    'holdReady() holds READY and still acknowledges heartbeats (on the gateway: %s)',
    async (onGateway) => {
      const gateway = await listen();
      const client = await RawClient.afterHello(gateway);
      const connection = await gateway.waitForConnection();
      const holder = onGateway ? gateway : connection;
      holder.holdReady();
      client.send(2, { ...identity, shard: [2, 3] });
      await roundTrip(client);
      expect(client.dispatches).toEqual([]);
      expect(connection).toMatchObject({ shard: [2, 3], sessionId: null });
      holder.releaseReady();
      await client.next('READY');
      expect(gateway.stats.identifies).toBe(1);
    },
  );

  test('ignoreCloses() leaves the client’s close frame unanswered', async () => {
    const [gateway, client, connection] = await connected();
    connection.ignoreCloses();
    await roundTrip(client);
    const closeFrame = gateway.waitUntil(() => connection.closedWith !== null);
    client.socket.close(4200, 'bye');
    await closeFrame;
    expect(connection.closedWith).toEqual({ code: 4200, reason: 'bye' });
    await expectStillReading(client, connection);
    expect(client.socket.readyState).toBe(client.socket.CLOSING);
    expect(gateway.connections).toEqual([connection]);
    client.socket.terminate();
    expect(await connection.closed).toEqual({ by: 'client', code: 4200, reason: 'bye' });
  });
});

describe('corrupt() of FakeConnection', () => {
  test('sends JSON that does not parse, without compression', async () => {
    const [, client, connection] = await connected();
    connection.corrupt();
    await client.nextChange();
    const last = client.frames.at(-1);
    expect(last?.isBinary).toBe(false);
    expect(() => JSON.parse(String(last?.data)) as unknown).toThrow(SyntaxError);
  });

  test('sends zlib data that does not inflate, after messages that do', async () => {
    const gateway = await listen();
    const client = new RawClient(gateway, { query: 'v=10&encoding=json&compress=zlib-stream', decode: () => [] });
    const connection = await gateway.waitForConnection();
    connection.corrupt();
    connection.close();
    await client.closed;
    const [hello, broken] = client.frames.map(({ data }) => data);
    expect(inflate(hello)).toContain('heartbeat_interval');
    expect(() => inflate(hello, broken)).toThrow('invalid block type');
    expect(broken?.subarray(-4).toString('hex')).toBe('0000ffff');
  });
});

describe('FakeGateway', () => {
  test('refuse() rejects new connections with HTTP 520, until accept()', async () => {
    const [gateway, open] = await connected();
    gateway.refuse();
    expect(await outcome(gateway, gateway.url)).toContain('520');
    expect(await outcome(gateway, gateway.resumeUrl)).toContain('520');
    await roundTrip(open);
    gateway.accept();
    expect(await outcome(gateway, gateway.url)).toBe('HELLO');
  });

  test('refuse() can reject only one of the two URLs', async () => {
    const gateway = await listen();
    gateway.refuse({ resume: true, status: 503 });
    expect(await outcome(gateway, gateway.url)).toBe('HELLO');
    expect(await outcome(gateway, gateway.resumeUrl)).toContain('503');
  });

  test('refuse() with the status 0 drops the TCP connection', async () => {
    const gateway = await listen();
    gateway.refuse({ main: true, status: 0 });
    expect(await outcome(gateway, gateway.url)).toMatch(/hang up|ECONNRESET/);
  });

  test('holdHello() holds HELLO until releaseHello()', async () => {
    const gateway = await listen();
    gateway.holdHello();
    const client = new RawClient(gateway);
    const connection = await gateway.waitForConnection();
    connection.sendRaw('{"op":77}');
    await client.next(77);
    gateway.releaseHello();
    await client.next(10);
    expect(client.packets.map(({ op }) => op)).toEqual([77, 10]);
  });

  test('holdResumed() holds the replay and RESUMED, and still acknowledges heartbeats', async () => {
    const [gateway, old, connection] = await connected();
    old.socket.terminate();
    await connection.closed;
    gateway.dispatch('EVENT', null);
    gateway.holdResumed();
    const client = await RawClient.resuming(gateway, connection.sessionId ?? '', 1);
    await roundTrip(client);
    expect(client.dispatches).toEqual([]);
    gateway.releaseResumed();
    await client.next('RESUMED');
    expect(client.dispatches).toEqual([
      [2, 'EVENT'],
      [3, 'RESUMED'],
    ]);
  });

  test('a held RESUME is dropped when its connection closes', async () => {
    const [gateway, old, { sessionId }] = await connected();
    old.socket.terminate();
    gateway.holdResumed();
    const first = await RawClient.resuming(gateway, sessionId ?? '', 1);
    await gateway.waitUntil(({ stats }) => stats.resumes === 1);
    first.socket.terminate();
    await gateway.history[1]?.closed;
    const second = await RawClient.resuming(gateway, sessionId ?? '', 1);
    await gateway.waitUntil(({ stats }) => stats.resumes === 2);
    gateway.releaseResumed();
    await second.next('RESUMED');
    expect(second.dispatches).toEqual([[2, 'RESUMED']]);
  });

  test('a held RESUME is dropped after op 9', async () => {
    const [gateway, old, { sessionId }] = await connected();
    old.socket.terminate();
    gateway.holdResumed();
    const client = await RawClient.resuming(gateway, sessionId ?? '', 1);
    await gateway.waitUntil(({ stats }) => stats.resumes === 1);
    gateway.history[1]?.invalidateSession(true);
    client.send(6, { token: TOKEN, session_id: sessionId, seq: 1 });
    await gateway.waitUntil(({ stats }) => stats.resumes === 2);
    gateway.releaseResumed();
    await roundTrip(client);
    expect(client.dispatches).toEqual([[2, 'RESUMED']]);
  });

  test('ignoreCloses() applies to present and future connections', async () => {
    const [gateway, first] = await connected();
    gateway.ignoreCloses();
    const second = await RawClient.ready(gateway);
    first.socket.close(4000);
    second.socket.close(4001);
    await gateway.waitUntil(({ connections }) => connections.every(({ closedWith }) => closedWith !== null));
    expect(gateway.connections.map(({ closedWith }) => closedWith?.code)).toEqual([4000, 4001]);
    await expectStillReading(first, gateway.connections[0]);
    await expectStillReading(second, gateway.connections[1]);
  });
});
