import { describe, expect, onTestFinished, test } from 'vitest';
import type { FakeRest, FakeRestRequest } from '../../../src/testing/index.ts';
import { FakeGateway } from '../../../src/testing/index.ts';
import { TOKEN } from './raw-client.ts';

const AUTHORIZED = { authorization: `Bot ${TOKEN}` };

async function listen(rest: FakeRest): Promise<string> {
  const gateway = await FakeGateway.listen({ token: TOKEN, rest });
  onTestFinished(() => gateway.close());
  return gateway.apiUrl;
}

async function fetchJson(url: string, init?: RequestInit): Promise<[number, unknown]> {
  const response = await fetch(url, init);
  const text = await response.text();
  return [response.status, text === '' ? null : JSON.parse(text)];
}

describe('the option rest of FakeGateway', () => {
  test('receives method, path, query and body, and returns the answer', async () => {
    const requests: Omit<FakeRestRequest, 'headers'>[] = [];
    const api = await listen(({ method, path, query, body }) => {
      requests.push({ method, path, query, body });
      return { status: 201, body: { id: '9' } };
    });
    const init = { method: 'POST', headers: AUTHORIZED, body: '{"content":"pong"}' };

    expect(await fetchJson(`${api}/channels/7/messages?wait=true`, init)).toEqual([201, { id: '9' }]);
    await fetchJson(`${api}/channels/7/messages`, { headers: AUTHORIZED });
    await fetchJson(`${api}/channels/7/messages`, { ...init, body: 'not JSON' });

    expect(requests).toEqual([
      {
        method: 'POST',
        path: '/channels/7/messages',
        query: new URLSearchParams('wait=true'),
        body: { content: 'pong' },
      },
      { method: 'GET', path: '/channels/7/messages', query: new URLSearchParams(), body: null },
      { method: 'POST', path: '/channels/7/messages', query: new URLSearchParams(), body: 'not JSON' },
    ]);
  });

  test('an answer without a body becomes 204, and null becomes 404', async () => {
    const api = await listen(({ method }) => (method === 'PUT' ? {} : null));
    expect(await fetchJson(`${api}/channels/7/pins/1`, { method: 'PUT', headers: AUTHORIZED })).toEqual([204, null]);
    expect(await fetchJson(`${api}/channels/7/pins/1`, { headers: AUTHORIZED })).toEqual([
      404,
      { message: '404: Not Found', code: 0 },
    ]);
  });

  test('a request without the token of the bot gets 401, unless its path has its own token', async () => {
    const paths: string[] = [];
    const api = await listen(({ path }) => {
      paths.push(path);
      return {};
    });
    for (const headers of [{}, { authorization: 'Bot other' }, { authorization: TOKEN }]) {
      expect(await fetchJson(`${api}/users/@me`, { headers })).toEqual([
        401,
        { message: '401: Unauthorized', code: 0 },
      ]);
    }
    expect(paths).toEqual([]);

    await fetchJson(`${api}/interactions/1/abc/callback`, { method: 'POST' });
    await fetchJson(`${api}/webhooks/1/abc/messages/@original`, { method: 'PATCH' });
    expect(paths).toEqual(['/interactions/1/abc/callback', '/webhooks/1/abc/messages/@original']);
  });

  test('an error that rest throws or rejects with becomes a 500 with its message', async () => {
    const api = await listen(({ path }) => {
      if (path === '/throws') throw new Error('unexpected message');
      return path === '/rejects' ? Promise.reject(new Error('too late')) : { body: [] };
    });
    expect(await fetchJson(`${api}/throws`, { headers: AUTHORIZED })).toEqual([
      500,
      { message: '500: unexpected message', code: 0 },
    ]);
    expect(await fetchJson(`${api}/rejects`, { headers: AUTHORIZED })).toEqual([
      500,
      { message: '500: too late', code: 0 },
    ]);
    expect(await fetchJson(`${api}/users/@me/guilds`, { headers: AUTHORIZED })).toEqual([200, []]);
  });

  test('a body of more than 16 MiB gets 413, and rest is not called', async () => {
    let calls = 0;
    const api = await listen(() => {
      calls += 1;
      return {};
    });
    const body = Buffer.alloc((1 << 24) + 1, 'x');
    expect(await fetchJson(`${api}/channels/7/messages`, { method: 'POST', headers: AUTHORIZED, body })).toEqual([
      413,
      { message: '413: Request Entity Too Large', code: 0 },
    ]);
    expect(calls).toBe(0);
  });
});
