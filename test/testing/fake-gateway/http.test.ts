import { request } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { FakeGatewayOptions } from '../../../src/testing/index.ts';
import { FakeGateway } from '../../../src/testing/index.ts';
import { RawClient, TOKEN } from './raw-client.ts';

async function listen(options: FakeGatewayOptions = {}): Promise<FakeGateway> {
  const gateway = await FakeGateway.listen({ token: TOKEN, ...options });
  onTestFinished(() => gateway.close());
  return gateway;
}

/** Sends a request with node:http, which allows to set Host and Origin. Returns the status and the body. */
function get(url: string, headers: Record<string, string> = {}, method = 'GET'): Promise<[number, unknown]> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { headers, method, agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on('end', () => resolve([response.statusCode ?? 0, JSON.parse(text)]));
    });
    sent.on('error', reject);
    sent.end();
  });
}

/** Sends bytes to a port. Resolves with the answer when the server has closed the connection. */
function sendBytes(port: string, bytes: string | Buffer): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(Number(port), '127.0.0.1', () => socket.write(bytes));
    socket.on('data', (chunk) => {
      text += chunk.toString();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(text));
  });
}

const portOf = (url: string): string => new URL(url).port;

const rejectionOf = async (
  gateway: FakeGateway,
  options: ConstructorParameters<typeof RawClient>[1],
): Promise<string> => (await new RawClient(gateway, options).failed).message;

describe('the HTTP API of FakeGateway', () => {
  test('GET /gateway returns the URL without a token', async () => {
    const gateway = await listen();
    expect(await get(`${gateway.apiUrl}/gateway`)).toEqual([200, { url: gateway.url }]);
  });

  test('GET /gateway/bot returns the shard count and the session start limit', async () => {
    const gateway = await listen({ shards: 16, sessionStartLimit: { total: 2000, maxConcurrency: 16 } });
    const [status, body] = await get(`${gateway.apiUrl}/gateway/bot`, { authorization: `Bot ${TOKEN}` });
    expect(status).toBe(200);
    expect(body).toEqual({
      url: gateway.url,
      shards: 16,
      session_start_limit: {
        total: 2000,
        remaining: 2000,
        reset_after: expect.any(Number) as number,
        max_concurrency: 16,
      },
    });
  });

  test.each([undefined, TOKEN, 'Bot other', `Bearer ${TOKEN}`])(
    'GET /gateway/bot answers 401 to the Authorization %s',
    async (authorization) => {
      const gateway = await listen();
      const headers = authorization === undefined ? {} : { authorization };
      expect(await get(`${gateway.apiUrl}/gateway/bot`, headers)).toEqual([
        401,
        { message: '401: Unauthorized', code: 0 },
      ]);
    },
  );

  test('GET /gateway/bot accepts any token if the option token is missing, but requires one', async () => {
    const gateway = await FakeGateway.listen();
    const status = async (authorization: string): Promise<number> =>
      (await get(`${gateway.apiUrl}/gateway/bot`, { authorization }))[0];
    expect(await status('Bot whatever')).toBe(200);
    expect(await status('Bot ')).toBe(401);
    expect(await status('whatever')).toBe(401);
    await gateway.close();
  });

  test('other paths answer 404, other methods 405', async () => {
    const gateway = await listen();
    expect((await get(`${gateway.apiUrl}/users/1`))[0]).toBe(404);
    expect((await get(`${gateway.apiUrl}/gateway`, {}, 'POST'))[0]).toBe(405);
  });

  test('a Host that is not loopback gets 403, as after DNS rebinding', async () => {
    const gateway = await listen();
    expect((await get(`${gateway.apiUrl}/gateway`, { host: 'evil.example' }))[0]).toBe(403);
    expect((await get(`${gateway.apiUrl}/gateway`, { host: 'localhost' }))[0]).toBe(200);
  });

  test('the Origin of a web page elsewhere gets 403', async () => {
    const gateway = await listen();
    expect((await get(`${gateway.apiUrl}/gateway`, { origin: 'https://evil.example' }))[0]).toBe(403);
    expect((await get(`${gateway.apiUrl}/gateway`, { origin: 'null' }))[0]).toBe(403);
  });
});

describe('the upgrade of FakeGateway to a WebSocket', () => {
  test('a foreign Origin or Host is rejected with 403', async () => {
    const gateway = await listen();
    for (const headers of [{ origin: 'https://evil.example' }, { host: 'evil.example' }]) {
      expect(await rejectionOf(gateway, { headers })).toContain('403');
    }
    expect(gateway.history).toEqual([]);
  });

  test.each(['v=10', 'v=10&encoding=etf', 'v=10&encoding=json&compress=gzip'])(
    'the query %s is rejected with 400 and counted as a violation',
    async (query) => {
      const gateway = await listen();
      expect(await rejectionOf(gateway, { query })).toContain('400');
      expect(gateway.stats.violations).toMatchObject([{ code: null, connection: null }]);
    },
  );

  test('a request without User-Agent is rejected only with the option requireUserAgent', async () => {
    const strict = await listen({ requireUserAgent: true });
    expect(await rejectionOf(strict, {})).toContain('400');
    await RawClient.afterHello(strict, { headers: { 'user-agent': 'DiscordBot (https://example.org, 1)' } });
    expect(strict.history.map(({ headers }) => headers['user-agent'])).toEqual(['DiscordBot (https://example.org, 1)']);
    await RawClient.afterHello(await listen());
  });

  test('a connection keeps its URL and headers', async () => {
    const gateway = await listen();
    await RawClient.afterHello(gateway, { url: gateway.resumeUrl, headers: { 'x-test': 'yes' } });
    expect(gateway.history[0]).toMatchObject({
      url: `${gateway.resumeUrl}/?v=10&encoding=json`,
      isResumeUrl: true,
      compression: 'none',
    });
    expect(gateway.history[0]?.headers['x-test']).toBe('yes');
  });
});

describe('FakeGateway and invalid bytes', () => {
  test.each(['\u0000\u0001\u0002\r\n\r\n', 'GET / HTTP/9.9\r\n\r\n', 'GET\r\n\r\n'])(
    'the bytes %j get 400, and the gateway still works',
    async (bytes) => {
      const gateway = await listen();
      expect(await sendBytes(portOf(gateway.url), bytes)).toContain('400');
      await RawClient.afterHello(gateway);
    },
  );

  test('an incomplete WebSocket handshake gets 400', async () => {
    const gateway = await listen();
    const head =
      'GET /?v=10&encoding=json HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
    expect(await sendBytes(portOf(gateway.url), head)).toContain('400');
  });

  test('bytes after the handshake that are not a frame close only that connection', async () => {
    const gateway = await listen();
    const other = await RawClient.afterHello(gateway);
    const head =
      'GET /?v=10&encoding=json HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
    await sendBytes(portOf(gateway.url), Buffer.concat([Buffer.from(head), Buffer.alloc(64, 0xff)]));
    expect((await gateway.history[1]?.closed)?.by).toBe('gateway');
    other.send(1, null);
    await other.next(11);
    expect(gateway.stats.violations).toMatchObject([{ code: 4002, connection: 1 }]);
  });
});
