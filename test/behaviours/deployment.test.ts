/** The bot of examples/deploy as its supervisor sees it: run with the commands of the Dockerfile. */
import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FakeConnection } from '../../src/testing/index.ts';
import { serveStatus } from '../../src/inspect/index.ts';
import { FakeGateway, VirtualClock } from '../../src/testing/index.ts';
import { liveManager, nextEvent } from '../kit/live-manager.ts';
import { toSources } from '../kit/readme-code.ts';
import { TOKEN } from '../kit/virtual-shard.ts';

const DEPLOY = new URL('../../examples/deploy/', import.meta.url);
const read = (file: string): Promise<string> => readFile(new URL(file, DEPLOY), 'utf8');

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'shardwright-deploy-'));
});

afterAll(() => rm(directory, { recursive: true, force: true }));

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const ended = (child: ChildProcess): Promise<Ended> => {
  let [stdout, stderr] = ['', ''];
  child.stdout?.on('data', (text: Buffer) => (stdout += text.toString()));
  child.stderr?.on('data', (text: Buffer) => (stderr += text.toString()));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr })));
};

/** Runs bot.mjs with the command of the Dockerfile. */
async function startBot(gateway: FakeGateway, { token = TOKEN, rest = '' }: { token?: string; rest?: string } = {}) {
  const cwd = await mkdtemp(join(directory, 'bot-'));
  await writeFile(join(cwd, 'bot.mjs'), `${toSources(await read('bot.mjs'))}\n${rest}`);
  const [program, ...args] = await commandOf('CMD');
  expect(program).toBe('node');
  const port = await freePort();
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...args], {
    cwd,
    env: { ...process.env, DISCORD_TOKEN: token, DISCORD_API: gateway.apiUrl, STATUS_PORT: String(port) },
    timeout: 30_000,
    killSignal: 'SIGKILL',
  });
  return { child, port, exited: ended(child), [Symbol.dispose]: () => void child.kill('SIGKILL') };
}

/** Returns the list of an instruction of the Dockerfile, which is JSON. */
async function commandOf(instruction: 'CMD' | 'HEALTHCHECK'): Promise<string[]> {
  const line = (await read('Dockerfile')).split('\n').find((text) => text.startsWith(`${instruction} `)) ?? '';
  return JSON.parse(line.slice(line.indexOf('['))) as string[];
}

/** Resolves with the exit code of the health check of the Dockerfile. */
async function healthCheck(port: number): Promise<number | null> {
  const [program, ...args] = await commandOf('HEALTHCHECK');
  expect(program).toBe('node');
  const child = execFile(
    process.execPath,
    args.map((arg) => arg.replace(':8080/', `:${port}/`)),
  );
  return (await ended(child)).code;
}

/** Waits until the bot is ready: it sends a heartbeat after READY. */
async function ready(gateway: FakeGateway): Promise<FakeConnection> {
  const connection = await gateway.waitForConnection(({ sessionId }) => sessionId !== null);
  await connection.waitFor(1);
  return connection;
}

const listen = (): Promise<FakeGateway> => FakeGateway.listen({ token: TOKEN, heartbeatIntervalMs: 300 });

describe('a bot that is deployed', { timeout: 60_000 }, () => {
  test.concurrent('121. the deployed bot exits with 0 after SIGTERM, keeps its session, and is healthy until then', async () => {
    await using gateway = await listen();
    using bot = await startBot(gateway);
    const { child, port, exited } = bot;
    const connection = await ready(gateway);
    expect(await healthCheck(port)).toBe(0);
    expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200);
    expect(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()).toContain(
      'shardwright_shards{state="ready"} 1',
    );
    child.kill('SIGTERM');
    expect(await exited).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(connection.closedWith).toMatchObject({ code: 4000 });
    expect(await healthCheck(port)).toBe(1);
  });

  test.concurrent('122. the deployed bot says so and exits with 78 when its token is reset', async () => {
    await using gateway = await listen();
    using bot = await startBot(gateway);
    (await ready(gateway)).close(4004, 'Authentication failed.');
    const { code, stderr } = await bot.exited;
    expect(stderr).toMatch(/^AUTHENTICATION_FAILED: .*4004.*Check the option token/);
    expect(code).toBe(78);
  });

  test.concurrent('122. the deployed bot exits with 78 without a token, and with a token that Discord does not know', async () => {
    await using gateway = await listen();
    const [without, unknown] = await Promise.all(
      ['', 'wrong'].map(async (token) => (await startBot(gateway, { token })).exited),
    );
    expect(without).toMatchObject({ code: 78, stderr: expect.stringContaining('token must be') as string });
    expect(unknown).toMatchObject({ code: 78, stderr: expect.stringContaining('AUTHENTICATION_FAILED') as string });
  });

  test.concurrent.each([
    ['throws', "setTimeout(() => { throw new Error('broken'); }, 1);"],
    ['rejects', "Promise.reject(new Error('broken'));"],
  ])('122. the deployed bot exits with 1 when its own code %s, and keeps its session', async (_, broken) => {
    await using gateway = await listen();
    using bot = await startBot(gateway, { rest: `bot.once('allReady', () => { ${broken} });` });
    const connection = await gateway.waitForConnection(({ sessionId }) => sessionId !== null);
    const { code, stderr } = await bot.exited;
    expect({ code, says: /Error: broken/.test(stderr) }).toEqual({ code: 1, says: true });
    expect(connection.closedWith).toMatchObject({ code: 4000 });
  });
});

describe('the health of a bot', () => {
  test.each([0, 2])(
    '123. a manager with %i workers is unhealthy when one shard is away for longer than graceMs, until it is back',
    async (workers) => {
      const clock = new VirtualClock();
      await using live = await liveManager({ shards: 2, workers });
      await using endpoint = await serveStatus(live.manager, { clock, graceMs: 60_000 });
      const verdicts = async (): Promise<number[]> =>
        Promise.all(['healthz', 'readyz'].map(async (path) => (await fetch(`${endpoint.url}${path}`)).status));
      await live.manager.connect();
      expect(await verdicts()).toEqual([200, 200]);
      live.gateway.refuse();
      live.gateway.connections[0]?.terminate();
      await nextEvent(live.manager, 'disconnected');
      expect(await verdicts()).toEqual([200, 503]);
      clock.advance(60_001);
      expect(await verdicts()).toEqual([503, 503]);
      live.gateway.accept();
      await nextEvent(live.manager, 'resumed');
      expect(await verdicts()).toEqual([200, 200]);
      await live.manager.disconnect();
      expect(await verdicts()).toEqual([200, 503]);
    },
  );
});
