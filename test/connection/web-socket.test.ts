import { once } from 'node:events';
import { Agent, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { createWebSocket, toBuffer } from '../../src/connection/web-socket.ts';

/** A server that records the headers of the next upgrade request, and rejects it. */
async function upgrades() {
  const server = createServer();
  const upgrade = Promise.withResolvers<Record<string, unknown>>();
  server.on('upgrade', ({ headers }, socket) => {
    upgrade.resolve(headers);
    socket.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `ws://127.0.0.1:${port}`,
    headers: upgrade.promise,
    [Symbol.asyncDispose]: async () => void server.close(),
  };
}

class CountingAgent extends Agent {
  connections = 0;

  override createConnection(...args: Parameters<Agent['createConnection']>): ReturnType<Agent['createConnection']> {
    this.connections += 1;
    return super.createConnection(...args);
  }
}

/** A server that answers each upgrade request with this status and these headers. */
async function refusals(status: number, headers: Record<string, string>) {
  const server = createServer((_, response) => response.writeHead(status, headers).end('<html>'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => void server.close(),
  };
}

describe('createWebSocket', () => {
  test.each([
    [429, '5', 5_000],
    [503, '1', 1_000],
    [429, 'soon', undefined],
    [403, '5', undefined],
  ])('the error of an upgrade answered %i with Retry-After %s says how long to wait', async (status, header, ms) => {
    await using server = await refusals(status, { 'Retry-After': header });
    const socket = createWebSocket(server.url, { headers: {}, maxPayload: 1_000 });
    const closed = new Promise((resolve) => socket.on('close', resolve));
    const error = await new Promise<Error & { retryAfterMs?: number }>((resolve) => socket.on('error', resolve));
    expect(error.message).toBe(`Unexpected server response: ${status}`);
    expect(error.retryAfterMs).toBe(ms);
    expect(await closed).toBe(1006);
  });

  test.each([
    ['the agent of the options', new CountingAgent(), 1],
    ['no agent when there is none', undefined, 0],
  ] as const)('connects with the headers and %s, and without WebSocket compression', async (_, agent, connections) => {
    await using server = await upgrades();
    const socket = createWebSocket(server.url, {
      headers: { 'User-Agent': 'one' },
      maxPayload: 1_000,
      ...(agent === undefined ? {} : { agent }),
    });
    const failed = new Promise((resolve) => void socket.on('error', resolve));
    const headers = await server.headers;
    expect(headers['user-agent']).toBe('one');
    expect(headers['sec-websocket-extensions']).toBe(undefined);
    expect(agent?.connections ?? 0).toEqual(connections);
    await failed;
  });
});

describe('toBuffer', () => {
  test.each([
    ['a Buffer', Buffer.from('text')],
    ['text', 'text'],
    ['an ArrayBuffer', new TextEncoder().encode('text').buffer as ArrayBuffer],
    ['pieces', [Buffer.from('te'), Buffer.from('xt')]],
  ])('accepts %s', (_, data) => {
    expect(toBuffer(data)).toEqual(Buffer.from('text'));
  });
});
