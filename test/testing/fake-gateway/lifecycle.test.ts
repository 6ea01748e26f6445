import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { FakeGateway, VirtualClock } from '../../../src/testing/index.ts';
import { RawClient } from './raw-client.ts';

/** Resolves with the data of the first READY, without the URL, which differs because ports do. */
async function firstReady(seed?: number | string): Promise<unknown> {
  await using gateway = await FakeGateway.listen({ readyGuilds: 3, ...(seed === undefined ? {} : { seed }) });
  const client = await RawClient.ready(gateway);
  return { ...(client.packets[1]?.d as object), resume_gateway_url: null };
}

const idsOf = (ready: unknown): string[] => JSON.stringify(ready).match(/\d{17,20}|[0-9a-f]{32}/g) ?? [];

describe('the ids of FakeGateway', () => {
  test('depend only on the seed, which is 1 by default', async () => {
    const [one, again, unset, two] = [
      await firstReady(1),
      await firstReady(1),
      await firstReady(),
      await firstReady('two'),
    ];
    expect(again).toEqual(one);
    expect(unset).toEqual(one);
    expect(idsOf(one)).toHaveLength(1 + 3 + 1 + 1);
    expect(idsOf(two).filter((id) => idsOf(one).includes(id))).toEqual([]);
  });
});

describe('waiting for FakeGateway', () => {
  test('waitForConnection() resolves at once, or when the predicate becomes true', async () => {
    await using gateway = await FakeGateway.listen();
    const arrival = gateway.waitForConnection();
    const second = gateway.waitForConnection(({ index }) => index === 1);
    await RawClient.afterHello(gateway);
    expect(await arrival).toBe(gateway.connections[0]);
    expect(await gateway.waitForConnection()).toBe(gateway.connections[0]);
    await RawClient.afterHello(gateway);
    expect(await second).toBe(gateway.connections[1]);
  });

  test('waitFor() resolves with the n-th packet of an opcode, and rejects when the connection closes before', async () => {
    await using gateway = await FakeGateway.listen();
    const client = await RawClient.afterHello(gateway);
    const connection = await gateway.waitForConnection();
    const second = connection.waitFor(1, 2);
    const never = connection.waitFor(2);
    client.send(1, null);
    client.send(1, 5);
    expect(await second).toEqual({ op: 1, d: 5 });
    expect(await connection.waitFor(1)).toEqual({ op: 1, d: null });
    client.socket.close(4000);
    await expect(never).rejects.toThrow('connection 0 closed (client, 4000)');
    expect(await connection.waitFor(1)).toEqual({ op: 1, d: null });
  });

  test('waitUntil() rejects with what the predicate throws', async () => {
    await using gateway = await FakeGateway.listen();
    const failing = gateway.waitUntil(() => {
      throw new TypeError('mine');
    });
    await expect(failing).rejects.toThrow(new TypeError('mine'));
  });

  test('waiting promises reject when the gateway closes, and may be ignored', async () => {
    const gateway = await FakeGateway.listen();
    const waiting = gateway.waitForConnection();
    void gateway.waitForConnection();
    await gateway.close();
    await expect(waiting).rejects.toThrow('the fake gateway was closed');
    await expect(gateway.waitForConnection()).rejects.toThrow('the fake gateway was closed');
  });
});

describe('close() of FakeGateway', () => {
  test('drops every connection, leaves no timer, frees the port, and may be called again', async () => {
    const clock = new VirtualClock();
    const gateway = await FakeGateway.listen({ clock, identifyIntervalMs: 0 });
    gateway.ignoreCloses();
    const clients = [await RawClient.ready(gateway), await RawClient.afterHello(gateway, { url: gateway.resumeUrl })];
    const idle = connect(Number(new URL(gateway.url).port), '127.0.0.1');
    const idleClosed = new Promise((resolve) => idle.once('close', resolve));
    await new Promise((resolve) => idle.once('connect', resolve));
    expect(clock.pending).toBe(2);
    clients[0]?.socket.close(4000);
    await gateway.waitUntil(({ history }) => history[0]?.closedWith !== null);
    await Promise.all([gateway.close(), gateway.close()]);
    await gateway.close();
    await Promise.all([...clients.map(({ closed }) => closed), idleClosed]);
    expect(clock.pending).toBe(0);
    expect(gateway.connections).toEqual([]);
    const next = await FakeGateway.listen({ port: Number(new URL(gateway.url).port) });
    onTestFinished(() => next.close());
    expect(next.url).toBe(gateway.url);
  });

  test('lets the process end, with clients of every compression and unanswered closes', async () => {
    const script = `
      import { FakeGateway } from ${JSON.stringify(new URL('../../../src/testing/index.ts', import.meta.url).href)};
      import { WebSocket } from 'ws';
      const gateway = await FakeGateway.listen();
      const sockets = ['', '&compress=zlib-stream', '&compress=zstd-stream'].map(
        (query) => new WebSocket(gateway.url + '/?v=10&encoding=json' + query),
      );
      await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('message', resolve))));
      for (const connection of gateway.connections) connection.close(4000);
      gateway.ignoreCloses();
      gateway.dispatch('EVENT', 'x'.repeat(100_000));
      await gateway.close();
      console.log('closed');
    `;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      cwd: new URL('../../..', import.meta.url),
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect(output).toBe('closed\n');
    expect(code).toBe(0);
  });

  test('is needed before another gateway can listen on the same port', async () => {
    await using gateway = await FakeGateway.listen();
    await expect(FakeGateway.listen({ port: Number(new URL(gateway.url).port) })).rejects.toThrow('EADDRINUSE');
  });
});
