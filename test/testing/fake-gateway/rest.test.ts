/** What a bot does over REST, as a test gets to see it. */
import { expect, onTestFinished, test } from 'vitest';
import type { FakeRest, FakeRestRequest } from '../../../src/testing/index.ts';
import { FakeGateway } from '../../../src/testing/index.ts';
import { TOKEN } from './raw-client.ts';

const AUTHORIZED = { authorization: `Bot ${TOKEN}` };

async function listen(rest: FakeRest): Promise<string> {
  const gateway = await FakeGateway.listen({ token: TOKEN, rest });
  onTestFinished(() => gateway.close());
  return gateway.apiUrl;
}

async function ask(url: string, init?: RequestInit): Promise<[number, unknown]> {
  const response = await fetch(url, init);
  const text = await response.text();
  return [response.status, text === '' ? null : JSON.parse(text)];
}

test('rest is given method, path, query and body, and gives the answer', async () => {
  const seen: Omit<FakeRestRequest, 'headers'>[] = [];
  const api = await listen(({ method, path, query, body }) => {
    seen.push({ method, path, query, body });
    return { status: 201, body: { id: '9' } };
  });
  const init = { method: 'POST', headers: AUTHORIZED, body: '{"content":"pong"}' };

  expect(await ask(`${api}/channels/7/messages?wait=true`, init)).toEqual([201, { id: '9' }]);
  await ask(`${api}/channels/7/messages`, { headers: AUTHORIZED });
  await ask(`${api}/channels/7/messages`, { ...init, body: 'not JSON' });

  expect(seen).toEqual([
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

test('an answer without a body is 204, and none at all 404', async () => {
  const api = await listen(({ method }) => (method === 'PUT' ? {} : null));
  expect(await ask(`${api}/channels/7/pins/1`, { method: 'PUT', headers: AUTHORIZED })).toEqual([204, null]);
  expect(await ask(`${api}/channels/7/pins/1`, { headers: AUTHORIZED })).toEqual([
    404,
    { message: '404: Not Found', code: 0 },
  ]);
});

test('who has not the token of the bot is not let through, but where the path has a token of its own', async () => {
  const asked: string[] = [];
  const api = await listen(({ path }) => {
    asked.push(path);
    return {};
  });
  for (const headers of [{}, { authorization: 'Bot other' }, { authorization: TOKEN }]) {
    expect(await ask(`${api}/users/@me`, { headers })).toEqual([401, { message: '401: Unauthorized', code: 0 }]);
  }
  expect(asked).toEqual([]);

  await ask(`${api}/interactions/1/abc/callback`, { method: 'POST' });
  await ask(`${api}/webhooks/1/abc/messages/@original`, { method: 'PATCH' });
  expect(asked).toEqual(['/interactions/1/abc/callback', '/webhooks/1/abc/messages/@original']);
});

test('what rest throws or rejects with is a 500 that says so, and the next request is answered', async () => {
  const api = await listen(({ path }) => {
    if (path === '/throws') throw new Error('unexpected message');
    return path === '/rejects' ? Promise.reject(new Error('too late')) : { body: [] };
  });
  expect(await ask(`${api}/throws`, { headers: AUTHORIZED })).toEqual([
    500,
    { message: '500: unexpected message', code: 0 },
  ]);
  expect(await ask(`${api}/rejects`, { headers: AUTHORIZED })).toEqual([500, { message: '500: too late', code: 0 }]);
  expect(await ask(`${api}/users/@me/guilds`, { headers: AUTHORIZED })).toEqual([200, []]);
});

test('a body that is far too long is refused without being kept, and rest is not asked', async () => {
  let asked = 0;
  const api = await listen(() => {
    asked += 1;
    return {};
  });
  const body = Buffer.alloc((1 << 24) + 1, 'x');
  expect(await ask(`${api}/channels/7/messages`, { method: 'POST', headers: AUTHORIZED, body })).toEqual([
    413,
    { message: '413: Request Entity Too Large', code: 0 },
  ]);
  expect(asked).toBe(0);
});
