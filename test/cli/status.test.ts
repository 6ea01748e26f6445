import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { statusLines } from '../../src/cli/status/view.ts';
import { createInspector, serveStatus } from '../../src/inspect/index.ts';
import type { StatusReport, StatusServer } from '../../src/inspect/index.ts';
import { liveManager } from '../kit/live-manager.ts';
import { TOKEN } from '../kit/virtual-shard.ts';
import { runCli, startCli } from './run-cli.ts';

async function serveManager(shards: number) {
  const live = await liveManager({ shards });
  const endpoint = await serveStatus(live.manager);
  return {
    ...live,
    endpoint,
    async [Symbol.asyncDispose]() {
      await endpoint.close();
      await live[Symbol.asyncDispose]();
    },
  };
}

const get = (
  { url }: StatusServer,
  { path = '/', method = 'GET', ...headers }: Record<string, string> = {},
): Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; body: string }> =>
  new Promise((resolve, reject) => {
    request(new URL(path, url), { method, headers }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, body }));
    })
      .on('error', reject)
      .end();
  });

const shard = (shardId: number, state: 'ready' | 'resuming' | 'failed'): StatusReport['status']['shards'][number] => ({
  shardId,
  state,
  pingMs: state === 'ready' ? 41.6 : null,
  sessionAgeMs: state === 'failed' ? null : 3_700_000,
  sequence: 12_345,
  lastDispatchAt: 59_000,
  pendingSends: 0,
  failure: state === 'failed' ? 'DISALLOWED_INTENTS' : null,
});

describe('serveStatus', () => {
  test('serves the status of the manager as JSON, without the token and without sessions', async () => {
    await using kit = await serveManager(2);
    await kit.manager.connect();
    const { status, headers, body } = await get(kit.endpoint);
    const report = JSON.parse(body) as StatusReport;
    expect({ status, type: headers['content-type'], cache: headers['cache-control'] }).toEqual({
      status: 200,
      type: 'application/json',
      cache: 'no-store',
    });
    expect(report).toMatchObject({
      format: 'shardwright-status',
      formatVersion: 1,
      pid: process.pid,
      status: { state: 'running', total: 2, ready: 2 },
    });
    expect(report.status.shards.map(({ shardId, state }) => [shardId, state])).toEqual([
      [0, 'ready'],
      [1, 'ready'],
    ]);
    const secrets = [TOKEN, ...[...kit.manager.shards.values()].map(({ session }) => session!.sessionId)];
    expect(secrets.filter((secret) => body.includes(secret))).toEqual([]);
  });

  test('listens on loopback, and rejects foreign hosts, foreign origins and every method except GET', async () => {
    await using kit = await serveManager(1);
    const { host, hostname } = new URL(kit.endpoint.url);
    expect(hostname).toBe('127.0.0.1');
    const answers = await Promise.all([
      get(kit.endpoint, { host: 'evil.example' }),
      get(kit.endpoint, { host, origin: 'https://evil.example' }),
      get(kit.endpoint, { method: 'POST' }),
      get(kit.endpoint, { path: '/elsewhere' }),
      get(kit.endpoint, { host, origin: `http://${host}` }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([403, 403, 405, 404, 200]);
  });

  test('rejects when the port is taken', async () => {
    await using kit = await serveManager(1);
    await expect(serveStatus(kit.manager, { port: Number(new URL(kit.endpoint.url).port) })).rejects.toThrow(
      'EADDRINUSE',
    );
  });

  test('answers 500 without the reason when status() throws', async () => {
    await using endpoint = await serveStatus({
      status: () => {
        throw new Error('a secret of the manager');
      },
    });
    const { status, body } = await get(endpoint);
    expect({ status, body }).toEqual({ status: 500, body: 'internal error' });
  });
});

describe('shardwright status', { timeout: 60_000 }, () => {
  test('shows every shard in a table, and exits with 0', async () => {
    await using kit = await serveManager(3);
    await kit.manager.connect();
    const { code, stdout, stderr } = await runCli(['status', '--url', kit.endpoint.url]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^● running {2}3 of 3 shards ready · [\d,]+ of 10,000 session starts left/);
    expect(stdout.match(/^ {4}[012] {2}ready /gm)).toHaveLength(3);
  });

  test('prints JSON, and exits with 1 while a shard is not ready', async () => {
    await using kit = await serveManager(2);
    const { code, stdout } = await runCli(['status', '--url', kit.endpoint.url, '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ status: { state: 'stopped', ready: 0 } });
  });

  test('repeats until Ctrl-C, also while the bot does not answer', async () => {
    await using kit = await serveManager(1);
    const cli = startCli(['status', '--url', kit.endpoint.url, '--watch']);
    await cli.waitForOutput('● stopped');
    await kit.manager.connect();
    await cli.waitForOutput('● running  1 of 1 shard ready');
    await kit.endpoint.close();
    await cli.waitForOutput('✗ no answer from http://127.0.0.1:');
    cli.interrupt();
    expect((await cli.finished).code).toBe(0);
  });

  test('says what to do without an answer, or with an answer that is not a status, and exits with 1', async () => {
    await using inspector = await createInspector();
    const [silent, another] = await Promise.all([
      runCli(['status', '--url', 'http://127.0.0.1:9/']),
      runCli(['status', '--url', inspector.url]),
    ]);
    expect(silent.code).toBe(1);
    expect(another.code).toBe(1);
    expect(silent.stderr).toBe(
      'shardwright: no answer from http://127.0.0.1:9; check that the bot is running and calls serveStatus(manager, { port })\n',
    );
    expect(another.stderr).toBe(
      `shardwright: ${inspector.url} does not serve a status; use the URL that serveStatus() returned\n`,
    );
  });
});

/** Runs `shardwright status` against a server that answers with this body. */
async function statusOf(body: string, ...more: string[]) {
  const server = createServer((_request, response) => response.end(body));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const result = await runCli(['status', '--url', `http://127.0.0.1:${port}/`, ...more]);
  server.close();
  return result;
}

describe('shardwright status of a server that is no bot', { timeout: 60_000 }, () => {
  const REPORT = {
    format: 'shardwright-status',
    formatVersion: 1,
    shardwright: '1',
    pid: 1,
    at: 1,
    status: { state: 'running', total: 1, ready: 1, resharding: null, budget: null, shards: [shard(0, 'ready')] },
  };
  const HOSTILE = '\u001B[2J\n\u009B31m';

  test.each([
    ['shardwright', { ...REPORT, shardwright: undefined }],
    ['status.state', { ...REPORT, status: { ...REPORT.status, state: HOSTILE } }],
    ['status.budget', { ...REPORT, status: { ...REPORT.status, budget: {} } }],
    ['status.shards[0].shardId', { ...REPORT, status: { ...REPORT.status, shards: [null] } }],
    [
      'status.shards[0].state',
      { ...REPORT, status: { ...REPORT.status, shards: [{ ...shard(0, 'ready'), state: 'x' }] } },
    ],
  ])('names the field %s of a damaged report, and exits with 1', async (field, report) => {
    const { code, stdout, stderr } = await statusOf(JSON.stringify(report));
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^shardwright: .*\n$/);
    expect(stderr).toContain(`serves a damaged status, whose field ${field} is missing or wrong`);
  });

  test.each([[[]], [['--json']]])('escapes control characters of a report, with the options %j', async (options) => {
    const failed = { ...shard(0, 'failed'), failure: HOSTILE };
    const report = { ...REPORT, shardwright: HOSTILE, status: { ...REPORT.status, shards: [failed] } };
    const { stdout } = await statusOf(JSON.stringify(report), ...options);
    expect(stdout).toContain(String.raw`\u001b[2J`);
    expect(stdout.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  });

  test('stops reading an answer without end', async () => {
    const { code, stderr } = await statusOf('x'.repeat(17 * 1024 * 1024));
    expect(code).toBe(1);
    expect(stderr).toMatch(/^shardwright: no answer from /);
  });
});

describe('statusLines', () => {
  const report: StatusReport = {
    format: 'shardwright-status',
    formatVersion: 1,
    shardwright: '0.1.0',
    pid: 7,
    at: 60_000,
    status: {
      state: 'resharding',
      total: 8,
      ready: 2,
      shards: [shard(0, 'ready'), shard(1, 'resuming'), shard(2, 'ready'), shard(3, 'failed')],
      resharding: { total: 16, ready: 5 },
      budget: { total: 1_000, remaining: 980, resetAfterMs: 7_200_000 },
      cluster: null,
    },
  };
  const lines = (maxLines: number): string[] =>
    statusLines(report, (_style, text) => text, maxLines).filter((_line, index) => index !== 1);

  test('returns a row for each shard, with the code of its failure', () => {
    expect(lines(Infinity)).toEqual([
      '● resharding  2 of 4 shards ready (the bot has 8) · resharding to 16: 5 ready · 980 of 1,000 session starts left, reset in 2 h 0 min',
      '',
      'shard  state      ping    session  sequence  last dispatch  queued  failure',
      '    0  ready     42 ms  1 h 1 min    12,345        1 s ago       0',
      '    1  resuming      –  1 h 1 min    12,345        1 s ago       0',
      '    2  ready     42 ms  1 h 1 min    12,345        1 s ago       0',
      '    3  failed        –          –    12,345        1 s ago       0  DISALLOWED_INTENTS',
    ]);
  });

  test('puts the shards that are not ready first when the screen is too small for all', () => {
    expect(
      lines(8)
        .slice(3)
        .map((line) => line.slice(0, 16).trim()),
    ).toEqual(['1  resuming', '3  failed', '… and 2 more, al']);
    expect(lines(8).at(-1)).toBe('… and 2 more, all ready');
  });
});
