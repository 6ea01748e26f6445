/** The commands for a cluster, run on a real Redis with two nodes and a consumer. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { clusterLines, rangesText } from '../../src/cli/cluster/cluster-view.ts';
import type { ClusterReport } from '../../src/cli/cluster/cluster-report.ts';
import { DispatchConsumer, ShardManager } from '../../src/index.ts';
import { redisEngine } from '../../src/redis/index.ts';
import { FakeGateway } from '../../src/testing/index.ts';
import { expectNoViolations } from '../kit/expect-no-violations.ts';
import { RedisServer, redisServerPath } from '../kit/redis-server.ts';
import { QUICK } from '../kit/timing.ts';
import { TOKEN } from '../kit/virtual-shard.ts';
import { runCli, startCli } from './run-cli.ts';

const APP = 'bot';
const LIMIT_MS = 60_000;

const REPORT: ClusterReport = {
  format: 'shardwright-cluster',
  formatVersion: 1,
  shardwright: '1.0.0',
  app: APP,
  at: 0,
  total: 4,
  nodes: [
    {
      node: 'a',
      instance: '1',
      shards: [0, 1, 3],
      joinedAt: 0,
      lastSeenAt: 61_000,
      isDraining: true,
      isStalled: false,
    },
    { node: 'b', instance: '2', shards: [], joinedAt: 0, lastSeenAt: 1_000, isDraining: false, isStalled: true },
  ],
  unowned: [2],
  groups: [{ group: 'music', consumers: 1, pending: 2, lag: 1_234, deadLetters: 1 }],
};

describe('the tables of a cluster', () => {
  test('show nodes with their shards, what has no node, and the groups', () => {
    const [head, , ...lines] = clusterLines(REPORT, (_style, text) => text);
    expect([head, ...lines]).toEqual([
      '● not all held  4 shards on 2 nodes, without a node: 2',
      '',
      'node  shards  ids        up for',
      'a          3  0–1, 3  1 min 1 s  draining',
      'b          0                1 s  stalled',
      '',
      'group  consumers  not delivered  not acknowledged  dead letters',
      'music          1          1,234                 2             1',
    ]);
  });

  test('write ids as ranges', () => {
    expect([[], [4], [0, 1, 2, 5, 7, 8]].map(rangesText)).toEqual(['', '4', '0–2, 5, 7–8']);
  });
});

describe.skipIf(redisServerPath() === null)('the commands of a cluster', () => {
  let redis: RedisServer;
  let gateway: FakeGateway;
  let managers: ShardManager[];
  let consumer: DispatchConsumer;
  let args: string[];

  beforeAll(async () => {
    redis = await RedisServer.start();
    gateway = await FakeGateway.listen({
      token: TOKEN,
      shards: 4,
      sessionStartLimit: { maxConcurrency: 16 },
      strict: true,
    });
    const engine = redisEngine({ app: APP, url: redis.url });
    args = ['--redis', redis.url, '--app', APP];
    managers = ['first', 'second'].map(
      (node) =>
        new ShardManager({
          token: TOKEN,
          intents: ['Guilds'],
          api: gateway.apiUrl,
          timing: QUICK,
          engine,
          node,
          publish: true,
          rebalance: { maxMovesPerSecond: 20 },
        }),
    );
    consumer = new DispatchConsumer({ engine, group: 'music' });
    consumer.onDispatch('MESSAGE_CREATE', () => undefined);
    await Promise.all([...managers.map((manager) => manager.connect()), consumer.start()]);
    await vi.waitUntil(() => managers.every(({ shards }) => shards.size === 2), { timeout: LIMIT_MS });
  }, LIMIT_MS);

  afterAll(async () => {
    await consumer.stop();
    await Promise.all(managers.map((manager) => manager.disconnect()));
    await gateway.close();
    expectNoViolations(gateway.complaints, []);
    await redis[Symbol.asyncDispose]();
  });

  test('status shows nodes, shards and groups, without the token', { timeout: LIMIT_MS }, async () => {
    const [asTable, asJson] = await Promise.all([runCli(['status', ...args]), runCli(['status', ...args, '--json'])]);
    expect(asTable).toMatchObject({ code: 0, stderr: '' });
    expect(asTable.stdout).toMatch(/^● all held {2}4 shards on 2 nodes\napp bot, at /);
    expect(asTable.stdout).toMatch(/^music +1 +0 +0 +0$/m);
    const report = JSON.parse(asJson.stdout) as ClusterReport;
    expect(report).toMatchObject({
      format: 'shardwright-cluster',
      total: 4,
      unowned: [],
      groups: [{ group: 'music', consumers: 1, lag: 0, pending: 0, deadLetters: 0 }],
    });
    expect(new Set(report.nodes.map(({ node }) => node))).toEqual(new Set(['first', 'second']));
    expect(report.nodes.flatMap(({ shards }) => shards).toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3]);
    expect(asTable.stdout + asJson.stdout).not.toContain(TOKEN);
  });

  test('status --watch repeats until Ctrl-C', { timeout: LIMIT_MS }, async () => {
    const cli = startCli(['status', ...args, '--watch', '--json']);
    await cli.waitForOutput('}\n{');
    cli.interrupt();
    expect(await cli.finished).toMatchObject({ code: 0, stderr: '' });
  });

  test('status of an app without nodes says so, and exits with 1', { timeout: LIMIT_MS }, async () => {
    const finished = await runCli(['status', '--redis', redis.url, '--app', 'other']);
    expect(finished.stdout).toContain('● not all held  no node has joined yet\n');
    expect({ code: finished.code, stderr: finished.stderr }).toEqual({ code: 1, stderr: '' });
  });

  test.each([['status'], ['drain', 'first']])(
    '%s of a Redis that does not answer says so, and exits with 1',
    { timeout: LIMIT_MS },
    async (...command) => {
      const finished = await runCli([...command, '--redis', 'redis://u:secret@127.0.0.1:9', '--app', APP]);
      expect(finished).toMatchObject({ code: 1, stdout: '' });
      expect(finished.stderr).toMatch(/^shardwright: Redis \(127\.0\.0\.1:9\): .*; check --redis\n$/);
      expect(finished.stderr).not.toContain('secret');
    },
  );

  test('drain of a node that is not there names those that are', { timeout: LIMIT_MS }, async () => {
    const finished = await runCli(['drain', 'third', ...args]);
    expect(finished).toMatchObject({ code: 1, stdout: '' });
    expect(finished.stderr).toMatch(/^shardwright: there is no such node; it has (first, second|second, first)\n$/);
  });

  test('drain moves all shards by RESUME, and refuses the last node', { timeout: LIMIT_MS }, async () => {
    const drained = await runCli(['drain', 'second', ...args]);
    expect(drained).toMatchObject({ code: 0, stderr: '' });
    expect(drained.stdout).toContain('second holds no shard; stop its process when you like\n');
    await expect.poll(() => managers.map(({ shards }) => shards.size), { timeout: LIMIT_MS }).toEqual([4, 0]);
    expect((await runCli(['status', ...args])).stdout).toMatch(/^second +0 +\S.* draining$/m);
    const refused = await runCli(['drain', 'first', ...args]);
    expect(refused).toEqual({
      code: 1,
      stdout: '',
      stderr: 'shardwright: no other node could take its shards; start one first\n',
    });
    await expect.poll(() => managers[0]?.status().ready, { timeout: LIMIT_MS }).toBe(4);
    expect(gateway.stats.identifies).toBe(4);
  });
});
