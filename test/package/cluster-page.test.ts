/** Runs the programs of docs/cluster.md and of examples/deploy/cluster on a real Redis, as a reader would. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FakeGateway } from '../../src/testing/index.ts';
import { toSources } from '../kit/readme-code.ts';
import { RedisServer, freePort, redisServerPath } from '../kit/redis-server.ts';
import { ROOT } from './source-tree.ts';

const TOKEN = 'page-token';
const LIMIT_MS = 120_000;

const page = await readFile(join(ROOT, 'docs/cluster.md'), 'utf8');

/** Returns the code blocks under a heading. */
const codeUnder = (heading: string): string[] => {
  const from = page.indexOf(`\n## ${heading}\n`);
  const section = page.slice(from, page.indexOf('\n## ', from + 1));
  return [...section.matchAll(/```js\n([\s\S]*?)```/g)].map(([, code = '']) => code);
};

async function stop(program: ChildProcess): Promise<unknown> {
  const exited = once(program, 'exit');
  program.kill('SIGTERM');
  return (await exited)[0] as unknown;
}

const pong = (channel: string): string => `/channels/${channel}/messages {"content":"pong"}`;

const verdict = (port: number, path: string): Promise<number> =>
  fetch(`http://127.0.0.1:${port}${path}`).then(
    ({ status }) => status,
    () => 0,
  );

describe.skipIf(redisServerPath() === null)('the programs of docs/cluster.md', () => {
  let redis: RedisServer;
  let gateway: FakeGateway;
  let directory: string;
  let programs: ChildProcess[];
  let posts: string[];
  let onPost: () => void;

  beforeEach(async () => {
    redis = await RedisServer.start();
    posts = [];
    programs = [];
    directory = await mkdtemp(join(tmpdir(), 'shardwright-cluster-page-'));
    gateway = await FakeGateway.listen({
      token: TOKEN,
      shards: 2,
      sessionStartLimit: { maxConcurrency: 16 },
      rest: ({ path, body }) => {
        posts.push(`${path} ${JSON.stringify(body)}`);
        onPost();
        return { body: { id: '8' } };
      },
    });
  });

  afterEach(async () => {
    for (const program of programs) program.kill('SIGKILL');
    await gateway.close();
    await redis[Symbol.asyncDispose]();
    await rm(directory, { recursive: true, force: true });
  });

  /** Starts a program in a process of its own, against the fake gateway. */
  async function start(code: string, environment: NodeJS.ProcessEnv = {}): Promise<ChildProcess> {
    const file = join(directory, `program-${programs.length}.mjs`);
    const own = toSources(code)
      .replaceAll('https://discord.com/api/v10', gateway.apiUrl)
      .replace('new ShardManager({', `new ShardManager({ api: '${gateway.apiUrl}',`);
    await writeFile(file, own);
    const program = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', file], {
      cwd: directory,
      env: { ...process.env, DISCORD_TOKEN: TOKEN, REDIS_URL: redis.url, ...environment },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    programs.push(program);
    return program;
  }

  /** Resolves with the next request to the REST API. */
  function nextPost(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    onPost = resolve;
    return promise;
  }

  /** Sends `!ping` to one channel of shard 0, and resolves when the bot has answered there. */
  async function ping(channel: string): Promise<void> {
    const answered = nextPost();
    const author = { id: '2', username: 'Ann' };
    gateway.dispatch('MESSAGE_CREATE', { id: channel, channel_id: channel, content: '!ping', author }, { shardId: 0 });
    await answered;
  }

  const ready = (): Promise<void> => gateway.waitUntil(({ stats }) => stats.identifies === 2 && sessions().size === 2);
  const sessions = (): Set<string | null> =>
    new Set(gateway.connections.map(({ sessionId }) => sessionId).filter((id) => id !== null));

  test('run a bot on its nodes, which hand their shards over', { timeout: LIMIT_MS }, async () => {
    const [code = ''] = codeUnder('The bot on the nodes');
    const first = await start(code);
    await ready();
    await ping('7');
    const before = gateway.stats.resumes;
    const second = await start(code);
    await gateway.waitUntil(({ stats }) => stats.resumes > before);
    expect(await stop(first)).toBe(0);
    await gateway.waitUntil(({ stats }) => stats.resumes > before + 1);
    await ping('8');
    expect(await stop(second)).toBe(0);
    expect(posts).toEqual([pong('7'), pong('8')]);
    expect(gateway.stats.identifies).toBe(2);
  });

  test('run a bot beside the nodes, which restarts without a socket', { timeout: LIMIT_MS }, async () => {
    const [nodeCode = '', botCode = ''] = codeUnder('The bot elsewhere');
    const node = await start(nodeCode);
    await ready();
    const hasStarted = nextPost();
    const bot = await start(
      `${botCode}\nawait fetch('${gateway.apiUrl}/started', { headers: { Authorization: 'Bot ${TOKEN}' } });`,
    );
    await hasStarted;
    posts = [];
    await ping('7');
    expect(await stop(bot)).toBe(0);
    // It waits in the stream until the next bot handles it.
    const answered = ping('8');
    const next = await start(botCode);
    await answered;
    expect(posts).toEqual([pong('7'), pong('8')]);
    expect([await stop(next), await stop(node)]).toEqual([0, 0]);
    expect(gateway.stats).toMatchObject({ identifies: 2, resumes: 0 });
  });

  test('node.mjs serves its health, also without a shard, and exits with 0', { timeout: LIMIT_MS }, async () => {
    const code = await readFile(join(ROOT, 'examples/deploy/cluster/node.mjs'), 'utf8');
    const ports = [await freePort(), await freePort(), await freePort()];
    const nodes = [];
    for (const port of ports) nodes.push(await start(code, { STATUS_PORT: String(port), DISCORD_API: gateway.apiUrl }));
    const verdicts = (path: string): Promise<number[]> => Promise.all(ports.map((port) => verdict(port, path)));
    await expect.poll(() => verdicts('/readyz'), { timeout: LIMIT_MS }).toEqual([200, 200, 200]);
    expect(await verdicts('/healthz')).toEqual([200, 200, 200]);
    for (const node of nodes) expect(await stop(node)).toBe(0);
    expect(gateway.stats.identifies).toBe(2);
  });
});
