/** The health, the metrics and the address of serveStatus(). */
import { request } from 'node:http';
import { networkInterfaces } from 'node:os';
import { describe, expect, test } from 'vitest';
import type { ManagerStatus, ShardState } from '../../src/index.ts';
import { serveStatus } from '../../src/inspect/index.ts';
import type { StatusServer, StatusServerOptions } from '../../src/inspect/index.ts';
import { VirtualClock } from '../../src/testing/index.ts';
import { liveShard } from '../kit/live-shard.ts';
import { shardStatus } from '../kit/shard-status.ts';
import { TOKEN } from '../kit/virtual-shard.ts';

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly type: string;
}

const get = ({ url }: { url: string }, path: string, headers: Record<string, string> = {}): Promise<Answer> =>
  new Promise((resolve, reject) => {
    request(new URL(path, url), { headers }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('end', () =>
        resolve({ status: response.statusCode!, body, type: response.headers['content-type'] ?? '' }),
      );
    })
      .on('error', reject)
      .end();
  });

const statusesOf = async (server: StatusServer, path: string, headers: readonly Record<string, string>[]) =>
  Promise.all(headers.map(async (one) => (await get(server, path, one)).status));

/** A bot whose states the test sets, served with a clock that the test advances. */
async function serveBot(options: StatusServerOptions = {}) {
  const clock = new VirtualClock();
  let status: ManagerStatus = {
    state: 'stopped',
    total: null,
    ready: 0,
    shards: [],
    resharding: null,
    budget: null,
    cluster: null,
  };
  const bot = { status: () => status };
  const server = await serveStatus(bot, { clock, ...options });
  return {
    clock,
    server,
    set(state: ManagerStatus['state'], states: readonly ShardState[], remaining: number | null = null): void {
      const shards = states.map(shardStatus);
      const budget = remaining === null ? null : { total: 1_000, remaining, resetAfterMs: 1_000 };
      status = { state, total: states.length, ready: 0, shards, resharding: null, budget, cluster: null };
    },
    /** The bot is a node of a cluster, and has no shard. */
    setSpare(state: ManagerStatus['state']): void {
      const cluster = { node: 'node', nodes: [], unowned: [], engine: 'redis', isReachable: state === 'running' };
      status = { state, total: 4, ready: 0, shards: [], resharding: null, budget: null, cluster };
    },
    /** The status codes of /healthz and /readyz. */
    async verdicts(): Promise<[healthz: number, readyz: number]> {
      return [(await get(server, '/healthz')).status, (await get(server, '/readyz')).status];
    },
    [Symbol.asyncDispose]: () => server.close(),
  };
}

describe('the health of a bot', () => {
  test('is good while every shard is ready', async () => {
    await using kit = await serveBot();
    kit.set('running', ['ready', 'ready']);
    expect(await kit.verdicts()).toEqual([200, 200]);
  });

  test('is bad when one shard was not ready for longer than graceMs, and good again when it is', async () => {
    await using kit = await serveBot({ graceMs: 10_000 });
    kit.set('running', ['ready', 'reconnecting']);
    expect(await kit.verdicts()).toEqual([200, 503]);
    kit.clock.advance(10_000);
    expect(await kit.verdicts()).toEqual([200, 503]);
    kit.clock.advance(1);
    kit.set('running', ['ready', 'identifying']);
    expect(await kit.verdicts()).toEqual([503, 503]);
    kit.set('running', ['ready', 'ready']);
    expect(await kit.verdicts()).toEqual([200, 200]);
  });

  test('is good of a node that waits for shards, and not bad of one that waits for its engine', async () => {
    await using kit = await serveBot({ graceMs: 10_000 });
    for (const [state, readyz] of [
      ['starting', 503],
      ['running', 200],
    ] as const) {
      kit.setSpare(state);
      expect(await kit.verdicts()).toEqual([200, readyz]);
      kit.clock.advance(10_001);
      expect(await kit.verdicts()).toEqual([200, readyz]);
    }
    kit.setSpare('failed');
    expect(await kit.verdicts()).toEqual([503, 503]);
  });

  test('counts the grace of each shard on its own', async () => {
    await using kit = await serveBot({ graceMs: 10_000 });
    for (const states of [
      ['reconnecting', 'ready'],
      ['ready', 'reconnecting'],
      ['reconnecting', 'ready'],
    ] as const) {
      kit.set('running', states);
      expect(await kit.verdicts()).toEqual([200, 503]);
      kit.clock.advance(8_000);
    }
  });

  test('is bad at once when a shard or the manager has failed', async () => {
    await using kit = await serveBot();
    kit.set('running', ['ready', 'failed']);
    expect(await kit.verdicts()).toEqual([503, 503]);
    kit.set('failed', []);
    expect(await kit.verdicts()).toEqual([503, 503]);
  });

  test('does not become bad while shards wait for their turn, or for session starts', async () => {
    await using kit = await serveBot({ graceMs: 10_000 });
    const waits = [
      () => kit.set('starting', ['ready', 'disconnected']),
      () => kit.set('running', ['ready', 'identifying'], 0),
      () => kit.set('stopped', ['disconnected', 'disconnected']),
      () => kit.set('draining', ['disconnecting', 'disconnected']),
    ];
    for (const wait of waits) {
      wait();
      await kit.verdicts();
      kit.clock.advance(100_000);
      expect(await kit.verdicts()).toEqual([200, 503]);
    }
  });

  test('becomes bad when the manager gets no answer of GET /gateway/bot for longer than graceMs', async () => {
    await using kit = await serveBot({ graceMs: 10_000 });
    kit.set('starting', []);
    expect(await kit.verdicts()).toEqual([200, 503]);
    kit.clock.advance(10_001);
    expect(await kit.verdicts()).toEqual([503, 503]);
  });
});

describe('serveStatus() of a single shard', () => {
  test('serves its status, its health and its metrics, without the token and the session', async () => {
    await using kit = await liveShard();
    await using server = await serveStatus(kit.shard);
    expect((await get(server, '/readyz')).status).toBe(503);
    await kit.shard.connect();
    expect(await get(server, '/readyz')).toEqual({ status: 200, body: 'ok\n', type: 'text/plain' });
    const report = await get(server, '/');
    expect(JSON.parse(report.body)).toMatchObject({
      status: { state: 'running', total: 1, ready: 1, shards: [{ shardId: 0, state: 'ready', sequence: 1 }] },
    });
    const metrics = await get(server, '/metrics');
    expect(metrics.type).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(metrics.body).toContain('shardwright_shards{state="ready"} 1\n');
    expect(metrics.body).toContain('shardwright_sessions_total{how="begun"} 1\n');
    const { sessionId } = kit.shard.session!;
    expect([TOKEN, sessionId].filter((secret) => `${report.body}${metrics.body}`.includes(secret))).toEqual([]);
  });

  test('counts nothing more after close()', async () => {
    await using kit = await liveShard();
    const first = await serveStatus(kit.shard);
    await first.close();
    await kit.shard.connect();
    await using second = await serveStatus(kit.shard);
    expect((await get(second, '/metrics')).body).not.toContain('how="begun"');
  });
});

describe('the address of serveStatus()', () => {
  test('lets only hosts of this machine and allowedHosts read the status and the metrics', async () => {
    await using kit = await serveBot({ allowedHosts: ['bot.internal'] });
    const hosts = ['127.0.0.1', 'localhost:1', 'BOT.internal:9100', '10.0.0.7:9100', 'evil.example'];
    const headers = hosts.map((host) => ({ host }));
    for (const path of ['/', '/metrics'])
      expect(await statusesOf(kit.server, path, headers)).toEqual([200, 200, 200, 403, 403]);
  });

  test("lets every host with allowedHosts: ['*'], but no foreign web page", async () => {
    await using kit = await serveBot({ allowedHosts: ['*'] });
    const headers = [{ host: '10.0.0.7:9100' }, { host: '10.0.0.7:9100', origin: 'https://evil.example' }];
    expect(await statusesOf(kit.server, '/metrics', headers)).toEqual([200, 403]);
  });

  test('answers /healthz and /readyz whatever the host, but not to a foreign web page', async () => {
    await using kit = await serveBot();
    kit.set('running', ['ready']);
    const headers = [{ host: '10.0.0.7:9100' }, { host: 'x', origin: 'https://evil.example' }];
    for (const path of ['/healthz', '/readyz']) expect(await statusesOf(kit.server, path, headers)).toEqual([200, 403]);
  });

  test('listens on another address when it is asked to', async () => {
    await using kit = await serveBot({ host: '0.0.0.0' });
    const { hostname, port } = new URL(kit.server.url);
    expect(hostname).toBe('127.0.0.1');
    const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
    const outer = addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.2';
    expect((await get({ url: `http://${outer}:${port}/` }, '/healthz')).status).toBe(200);
    expect((await get({ url: `http://${outer}:${port}/` }, '/')).status).toBe(403);
  });

  test.each([
    [{ host: '' }, /host must be/],
    [{ allowedHosts: '*' }, /allowedHosts must be/],
    [{ graceMs: -1 }, /graceMs must be/],
  ])('refuses %j', async (options, message) => {
    const served = serveStatus({ status: () => expect.unreachable() }, options as StatusServerOptions);
    await expect(served).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
      message: expect.stringMatching(message) as string,
    });
  });

  test('refuses a bot that is no manager and no shard', async () => {
    await expect(serveStatus({} as never)).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
  });
});
