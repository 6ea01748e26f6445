import { describe, expect, test } from 'vitest';
import { filesCheck, latencyCheck, memoryCheck, redisClockCheck, versionCheck } from '../../src/cli/doctor/redis.ts';
import { FakeGateway } from '../../src/testing/index.ts';
import { RedisServer, freePort, redisServerPath } from '../kit/redis-server.ts';
import { TOKEN } from '../kit/virtual-shard.ts';
import { runCli } from './run-cli.ts';

interface Report {
  readonly ok: boolean;
  readonly checks: readonly { name: string; outcome: string; found: string; advice: string | null }[];
}

async function doctor(url: string) {
  await using gateway = await FakeGateway.listen({ token: TOKEN });
  const args = ['doctor', '--api', gateway.apiUrl, '--redis', url];
  const environment = { DISCORD_TOKEN: TOKEN };
  const finished = await runCli([...args, '--json'], environment);
  const report = JSON.parse(finished.stdout) as Report;
  const checks = report.checks.filter(({ name }) => name.startsWith('Redis'));
  return { ...finished, isOk: report.ok, checks, table: (await runCli(args, environment)).stdout };
}

const outcomes = (checks: Report['checks']): Record<string, string> =>
  Object.fromEntries(checks.map(({ name, outcome }) => [name, outcome]));

describe.skipIf(redisServerPath() === null)('shardwright doctor --redis', { timeout: 60_000 }, () => {
  test('accepts a server with appendonly, and writes nothing there', async () => {
    await using server = await RedisServer.start({ config: ['--appendonly', 'yes'] });
    const { code, checks, table } = await doctor(server.url);
    expect({ code, outcomes: outcomes(checks) }).toEqual({
      code: 0,
      outcomes: { Redis: 'ok', 'Redis memory': 'ok', 'Redis files': 'ok', 'Redis latency': 'ok', 'Redis clock': 'ok' },
    });
    expect(table).toMatch(new RegExp(`^✓ Redis {11}\\d+\\.\\d+\\.\\d+ at 127\\.0\\.0\\.1:${server.port}$`, 'm'));
    expect(await server.keys()).toEqual([]);
  });

  test('fails for a server that drops keys, and warns about one that writes no file', async () => {
    await using server = await RedisServer.start({ config: ['--maxmemory-policy', 'allkeys-lru'] });
    const { code, isOk, checks } = await doctor(server.url);
    expect({ code, isOk, outcomes: outcomes(checks) }).toMatchObject({
      code: 1,
      isOk: false,
      outcomes: { 'Redis memory': 'failed', 'Redis files': 'warning' },
    });
  });

  test('prints no password', async () => {
    await using server = await RedisServer.start({ config: ['--requirepass', 'right'] });
    const { code, stdout, stderr, table, checks } = await doctor(`redis://:wrong-secret@127.0.0.1:${server.port}`);
    expect({ code, found: checks[0]?.found }).toEqual({
      code: 1,
      found: `Redis (127.0.0.1:${server.port}): Redis does not accept the user name or the password`,
    });
    expect(`${stdout}${stderr}${table}`).not.toContain('wrong-secret');
  });
});

describe('shardwright doctor --redis', { timeout: 60_000 }, () => {
  test('says what to do when no server is there', async () => {
    const { code, checks } = await doctor(`redis://127.0.0.1:${await freePort()}`);
    expect({ code, outcomes: outcomes(checks), advice: checks[0]?.advice }).toEqual({
      code: 1,
      outcomes: {
        Redis: 'failed',
        'Redis memory': 'skipped',
        'Redis files': 'skipped',
        'Redis latency': 'skipped',
        'Redis clock': 'skipped',
      },
      advice: 'Check the URL, the network, and whether the server runs.',
    });
  });

  test('refuses what is no URL of Redis with code 2', async () => {
    const { code, stderr } = await runCli(['doctor', '--redis', 'localhost:6379'], { DISCORD_TOKEN: TOKEN });
    expect(code).toBe(2);
    expect(stderr).toContain('--redis must be a redis:// or rediss:// URL, such as redis://127.0.0.1:6379');
  });
});

const info = (fields: Readonly<Record<string, string>>): ReadonlyMap<string, string> => new Map(Object.entries(fields));

describe('the checks of Redis', () => {
  test.each([
    [{ redis_version: '6.2.14', role: 'master' }, 'failed'],
    [{ redis_version: '7.0.0', role: 'master' }, 'ok'],
    [{ redis_version: '10.1.0', role: 'master' }, 'ok'],
    [{ redis_version: '7.2.4', role: 'slave' }, 'failed'],
    [{}, 'failed'],
  ])('judge the server %o as %s', (fields, outcome) => {
    expect(versionCheck(info(fields), 'host').outcome).toBe(outcome);
  });

  test('name Valkey', () => {
    const { found } = versionCheck(info({ redis_version: '7.2.4', valkey_version: '8.1.0', role: 'master' }), 'host:1');
    expect(found).toBe('Valkey 8.1.0, which is like Redis 7.2.4 at host:1');
  });

  test.each([
    [{ maxmemory_policy: 'noeviction', used_memory: '900', maxmemory: '0' }, 'ok'],
    [{ maxmemory_policy: 'noeviction', used_memory: '700', maxmemory: '1000' }, 'ok'],
    [{ maxmemory_policy: 'noeviction', used_memory: '900', maxmemory: '1000' }, 'warning'],
    [{ maxmemory_policy: 'volatile-lru', used_memory: '0', maxmemory: '0' }, 'failed'],
  ])('judge the memory %o as %s', (fields, outcome) => {
    expect(memoryCheck(info(fields)).outcome).toBe(outcome);
  });

  test.each([
    [{ aof_enabled: '1', aof_last_write_status: 'ok' }, 'ok'],
    [{ aof_enabled: '0', rdb_last_bgsave_status: 'ok' }, 'warning'],
    [{ aof_enabled: '1', aof_last_write_status: 'err' }, 'failed'],
    [{ aof_enabled: '0', rdb_last_bgsave_status: 'err' }, 'failed'],
  ])('judge the files %o as %s', (fields, outcome) => {
    expect(filesCheck(info(fields)).outcome).toBe(outcome);
  });

  test.each([
    [0.4, 'ok', '0.4 ms'],
    [50, 'ok', '50 ms'],
    [51.4, 'warning', '51 ms'],
  ])('judge a latency of %f ms as %s', (latencyMs, outcome, found) => {
    expect(latencyCheck(latencyMs)).toMatchObject({ outcome, found });
  });

  test.each([
    [2_000, 'ok', 'in sync'],
    [-65_000, 'warning', 'this machine is 1 min 5 s behind'],
  ])('judge a clock that is off by %i ms as %s', (skewMs, outcome, found) => {
    expect(redisClockCheck({ skewMs, uncertaintyMs: 0 })).toMatchObject({ outcome, found });
  });
});
