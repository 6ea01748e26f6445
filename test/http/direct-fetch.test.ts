/** The request of a manager that must not use the proxy of Node. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { createDirectFetch } from '../../src/http/proxy/direct-fetch.ts';

const SHARDWRIGHT = new URL('../../src/index.ts', import.meta.url).href;
const TESTING = new URL('../../src/testing/index.ts', import.meta.url).href;

/** Connects a manager while Node itself is set to use a proxy that does not exist. */
const program = (options: string): string => `
import { ShardManager } from '${SHARDWRIGHT}';
import { FakeGateway } from '${TESTING}';
const gateway = await FakeGateway.listen({ token: 'x' });
const manager = new ShardManager({ token: 'x', intents: 0, api: gateway.apiUrl, ${options} });
const fault = new Promise((resolve) => manager.on('fault', ({ code }) => resolve(code)));
console.log(await Promise.race([manager.connect().then(() => 'ready', () => 'stopped'), fault]));
await manager.disconnect();
await gateway.close();`;

async function run(options: string): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program(options)], {
    env: { ...process.env, NODE_USE_ENV_PROXY: '1', HTTP_PROXY: 'http://127.0.0.1:9', NO_PROXY: '' },
  });
  return stdout.trim();
}

/** Serves one answer, and returns what fetches it directly. */
async function fetched(status: number, headers: Record<string, string>, body?: string): Promise<Response> {
  const server = createServer((_, response) => response.writeHead(status, headers).end(body));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await createDirectFetch(null)(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  } finally {
    server.close();
  }
}

describe('proxy: false', { timeout: 60_000 }, () => {
  test('keeps GET /gateway/bot from the proxy of Node, which it would use otherwise', async () => {
    expect(await Promise.all(['proxy: false', ''].map(run))).toEqual(['ready', 'GATEWAY_INFO_FAILED']);
  });
});

describe('the fetch of a manager with a proxy', () => {
  test('answers as that of Node does', async () => {
    const response = await fetched(429, { 'Retry-After': '5', 'Content-Type': 'application/json' }, '{"a":1}');
    expect([response.status, response.headers.get('retry-after'), await response.json()]).toEqual([429, '5', { a: 1 }]);
  });

  test('follows no redirect, which would take the token elsewhere', async () => {
    const response = await fetched(302, { Location: 'http://evil.example/' });
    expect([response.status, await response.text()]).toEqual([302, '']);
  });

  test('takes an answer without a body', async () => {
    const response = await fetched(204, {});
    expect([response.status, response.body]).toEqual([204, null]);
  });
});
