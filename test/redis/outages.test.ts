/** What the engine does while Redis can't be reached, or takes no writes. */
import { createClient } from 'redis';
import { describe, expect, onTestFinished, test } from 'vitest';
import { RedisLine } from '../../src/cli/demo/cluster/redis-line.ts';
import type { GatewayError } from '../../src/index.ts';
import { redisEngine } from '../../src/redis/index.ts';
import type { RedisClientLike, ScriptRunner } from '../../src/redis/index.ts';
import { BOUNDS, OWNER, SESSION, SHARDS, dispatchOf, openRedis } from '../kit/redis-rig.ts';
import { RedisServer, freePort, redisServerPath } from '../kit/redis-server.ts';
import type { RedisServerOptions } from '../kit/redis-server.ts';

const startServer = async (options?: RedisServerOptions): Promise<RedisServer> => {
  const server = await RedisServer.start(options);
  onTestFinished(() => server[Symbol.asyncDispose]());
  return server;
};

const admin = async ({ url }: RedisServer) => {
  const client = await createClient({ url })
    .on('error', () => undefined)
    .connect();
  onTestFinished(() => client.destroy());
  return client;
};

const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'resolved',
    (error: GatewayError) => error.code,
  );

describe.skipIf(redisServerPath() === null)('the engine on Redis', () => {
  test.each([
    ['is killed and started again', (server: RedisServer) => server.kill(), (server: RedisServer) => server.start()],
    [
      'answers nothing for a while',
      async (server: RedisServer) => server.freeze(),
      async (server: RedisServer) => server.thaw(),
    ],
  ])('reports once that Redis can not be reached when it %s', async (_, end, begin) => {
    const server = await startServer();
    await using rig = await openRedis({ url: server.url });
    const lease = await rig.claim();
    await end(server);
    const commit = { sessionId: 'session', base: 1, sequence: 2, entries: [dispatchOf(2)], bounds: BOUNDS };
    expect(await codeOf(rig.connection.journal.commit(lease, commit))).toBe('ENGINE_UNAVAILABLE');
    await rig.reachable(false);
    expect(await codeOf(rig.connection.plan())).toBe('ENGINE_UNAVAILABLE');
    await begin(server);
    await rig.reachable(true);
    expect(rig.reports.map(({ code }) => code)).toEqual(['ENGINE_UNAVAILABLE']);
    expect(await codeOf(rig.connection.plan())).toBe('resolved');
  });

  test.each([
    ['a client of its own', async ({ url }: RedisServer) => ({ url })],
    ['a client that was passed', async (server: RedisServer) => ({ client: await admin(server) })],
  ])('appends nothing twice when Redis stores a step late, with %s', async (_, optionsFor) => {
    const server = await startServer();
    await using rig = await openRedis(await optionsFor(server));
    const lease = await rig.claim();
    const { journal } = rig.connection;
    await journal.open(lease, SESSION, [dispatchOf(1)], BOUNDS);
    server.freeze();
    const commit = { sessionId: 'session', base: 1, sequence: 2, entries: [dispatchOf(2)], bounds: BOUNDS };
    expect(await codeOf(journal.commit(lease, commit))).toBe('ENGINE_UNAVAILABLE');
    server.thaw();
    await rig.reachable(true);
    expect(await journal.commit(lease, commit)).toEqual({ kind: 'stored' });
    expect(await (await admin(server)).xLen('{bot.p0}:stream:0')).toBe(2);
    expect(rig.reports.map(({ code }) => code)).toEqual(['ENGINE_UNAVAILABLE']);
  });

  test('reports each outage, when a cut connection is mended and cut again', async () => {
    const server = await startServer();
    await using proxy = await RedisLine.open(server.port);
    await using rig = await openRedis({ url: proxy.url });
    for (let outage = 1; outage <= 2; outage += 1) {
      proxy.cut();
      await rig.reachable(false);
      expect(rig.reports).toHaveLength(outage);
      proxy.mend();
      await rig.reachable(true);
      expect(await rig.connection.plan()).toBeNull();
    }
  });

  test('calls those who wait for changes after an outage, because messages may be lost', async () => {
    const server = await startServer();
    await using proxy = await RedisLine.open(server.port);
    await using rig = await openRedis({ url: proxy.url, leaseTtlMs: 60_000 });
    await using other = await openRedis({ url: server.url, leaseTtlMs: 60_000 });
    const { promise: first, resolve: heard } = Promise.withResolvers<void>();
    let onChange = heard;
    const stop = rig.connection.ownership(SHARDS).changes(() => onChange());
    await first;
    proxy.cut();
    await rig.reachable(false);
    await other.connection.ownership(SHARDS).join(OWNER);
    const { promise: second, resolve: heardAgain } = Promise.withResolvers<void>();
    onChange = heardAgain;
    proxy.mend();
    await second;
    stop();
    expect((await rig.connection.ownership(SHARDS).view()).members).toHaveLength(1);
  });

  test.each([
    ['READONLY', ['REPLICAOF', '127.0.0.1', '1'], ['REPLICAOF', 'NO', 'ONE'], /replica, which takes no writes/],
    ['OOM', ['CONFIG', 'SET', 'maxmemory', '1'], ['CONFIG', 'SET', 'maxmemory', '0'], /out of memory/],
  ])('loses nothing while Redis answers %s', async (_, refuse, allow, message) => {
    const server = await startServer();
    await using rig = await openRedis({ url: server.url });
    const lease = await rig.claim();
    const { journal } = rig.connection;
    expect(await journal.open(lease, SESSION, [dispatchOf(1)], BOUNDS)).toEqual({ kind: 'stored' });
    const client = await admin(server);
    await client.sendCommand(refuse);
    const commit = { sessionId: 'session', base: 1, sequence: 2, entries: [dispatchOf(2)], bounds: BOUNDS };
    expect(await codeOf(journal.commit(lease, commit))).toBe('ENGINE_UNAVAILABLE');
    await expect(journal.commit(lease, commit)).rejects.toThrow(message);
    expect({ isReachable: rig.connection.isReachable, reports: rig.reports.length }).toEqual({
      isReachable: false,
      reports: 1,
    });
    await client.sendCommand(allow);
    await rig.reachable(true);
    expect(await journal.commit(lease, commit)).toEqual({ kind: 'stored' });
    expect(await client.xLen('{bot.p0}:stream:0')).toBe(2);
  });

  test('sends its scripts again after SCRIPT FLUSH', async () => {
    const server = await startServer();
    await using rig = await openRedis({ url: server.url });
    const lease = await rig.claim();
    await (await admin(server)).scriptFlush();
    expect(await rig.connection.journal.load(lease)).toBeNull();
    expect(rig.reports).toEqual([]);
  });

  test('names a key that has a value of another kind', async () => {
    const server = await startServer();
    await using rig = await openRedis({ url: server.url });
    const lease = await rig.claim();
    await (await admin(server)).set('{bot.p0}:session:0', 'of another program');
    const loaded = rig.connection.journal.load(lease);
    await expect(loaded).rejects.toMatchObject({ code: 'ENGINE_INVALID' });
    await expect(loaded).rejects.toThrow('{bot.p0}:session:0 (string)');
    expect(rig.connection.isReachable).toBe(true);
  });

  test('refuses a session that somebody else has written', async () => {
    const server = await startServer();
    await using rig = await openRedis({ url: server.url });
    const lease = await rig.claim();
    await (await admin(server)).hSet('{bot.p0}:session:0', { id: 'session', seq: 7, data: '{"sessionId":' });
    const loaded = rig.connection.journal.load(lease);
    await expect(loaded).rejects.toMatchObject({ code: 'ENGINE_INVALID' });
    await expect(loaded).rejects.toThrow('{bot.p0}:session:0');
  });

  test('reports what a client throws, and goes on when it works again', async () => {
    const server = await startServer();
    let isBroken = false;
    const client = Object.assign(Object.create(await admin(server)) as RedisClientLike, {
      withTypeMapping(this: RedisClientLike, mapping: { 36: typeof Buffer }): ScriptRunner {
        const runner = Object.getPrototypeOf(this).withTypeMapping(mapping) as ScriptRunner;
        return {
          eval: (source, call) => runner.eval(source, call),
          evalSha: (sha, call) => {
            if (isBroken) throw new TypeError('a bug of the client');
            return runner.evalSha(sha, call);
          },
        };
      },
    });
    await using rig = await openRedis({ client });
    isBroken = true;
    await expect(rig.connection.plan()).rejects.toThrow('a bug of the client');
    expect(rig.reports.map(({ code }) => code)).toEqual(['ENGINE_UNAVAILABLE']);
    isBroken = false;
    await rig.reachable(true);
    expect(await rig.connection.plan()).toBeNull();
  });

  test('notices without a call that a client that was passed has lost its connection', async () => {
    const server = await startServer();
    await using rig = await openRedis({ client: await admin(server) });
    const { promise: isListening, resolve } = Promise.withResolvers<void>();
    rig.connection.ownership(SHARDS).changes(() => resolve());
    await isListening;
    await server.kill();
    await rig.reachable(false);
    await server.start();
    await rig.reachable(true);
    expect(rig.reports.map(({ code }) => code)).toEqual(['ENGINE_UNAVAILABLE']);
  });

  test('never closes a client that was passed', async () => {
    const client = await admin(await startServer());
    const rig = await openRedis({ client });
    rig.connection.ownership(SHARDS).changes(() => undefined);
    await rig.connection.close();
    expect(await client.ping()).toBe('PONG');
  });

  test('rejects calls after close()', async () => {
    const rig = await openRedis({ url: (await startServer()).url });
    await rig.connection.close();
    await expect(rig.connection.plan()).rejects.toThrow('was closed');
  });
});

describe.skipIf(redisServerPath() === null)('open() of the engine on Redis', () => {
  test('waits for a server that is not there yet, and reports it once', async () => {
    const port = await freePort();
    const reports: string[] = [];
    const { promise: reported, resolve } = Promise.withResolvers<void>();
    const opened = redisEngine({ app: 'bot', url: `redis://127.0.0.1:${port}` }).open({
      report: ({ code }) => {
        reports.push(code);
        resolve();
      },
    });
    await reported;
    await startServer({ port });
    const connection = await opened;
    await connection.close();
    expect(reports).toEqual(['ENGINE_UNAVAILABLE']);
  });

  test('ends with its signal', async () => {
    const controller = new AbortController();
    const opened = redisEngine({ app: 'bot', url: `redis://127.0.0.1:${await freePort()}` }).open({
      signal: controller.signal,
      report: () => controller.abort(new Error('enough')),
    });
    await expect(opened).rejects.toMatchObject({ code: 'ABORTED' });
  });

  test('does not begin with a signal that is aborted already', async () => {
    const opened = redisEngine({ app: 'bot', url: `redis://127.0.0.1:${await freePort()}` }).open({
      signal: AbortSignal.abort(),
      report: () => expect.unreachable(),
    });
    await expect(opened).rejects.toMatchObject({ code: 'ABORTED' });
  });

  test('ends with its signal while the server answers nothing', async () => {
    const server = await startServer();
    server.freeze();
    const controller = new AbortController();
    const reports: unknown[] = [];
    const opened = redisEngine({ app: 'bot', url: server.url }).open({
      signal: controller.signal,
      report: (error) => reports.push(error),
    });
    setTimeout(() => controller.abort(), 100);
    await expect(opened).rejects.toMatchObject({ code: 'ABORTED' });
    // It did not wait until the call had taken too long.
    expect(reports).toEqual([]);
  });

  test('waits while Redis loads its data', async () => {
    const config = ['--key-load-delay', '2000', '--loading-process-events-interval-bytes', '1024'];
    const server = await startServer({ isKept: true, config });
    const client = await admin(server);
    await client.mSet(
      Array.from({ length: 1_000 }, (_, index): [string, string] => [`key-${index}`, 'x'.repeat(1_000)]),
    );
    await server.stop();
    const started = server.start();
    await server.listening();
    const reports: string[] = [];
    const opened = redisEngine({ app: 'bot', url: server.url }).open({
      report: ({ message }) => reports.push(message),
    });
    await started;
    await (await opened).close();
    expect(reports).toEqual([expect.stringContaining('Redis is still loading its data')]);
  });

  test.each([
    [['--maxmemory-policy', 'allkeys-lru'], '', /maxmemory-policy allkeys-lru/],
    [['--requirepass', 'right'], ':wrong-secret@', /does not accept the user name or the password/],
    [['--requirepass', 'right'], '', /asks for a password/],
    [['--replicaof', '127.0.0.1', '1'], '', /is a replica: give the engine the URL of its master/],
  ])('rejects at once for a server with %j', async (config, credentials, message) => {
    const server = await startServer({ config });
    const reports: unknown[] = [];
    const url = `redis://${credentials}127.0.0.1:${server.port}`;
    const opened = redisEngine({ app: 'bot', url }).open({ report: (error) => reports.push(error) });
    await expect(opened).rejects.toMatchObject({ code: 'ENGINE_INVALID' });
    await expect(opened).rejects.toThrow(message);
    expect(reports).toEqual([]);
    const error: unknown = await opened.catch((reason: unknown) => reason);
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('wrong-secret');
  });

  test('rejects for another number of partitions than the nodes have agreed on, and takes theirs if there is no option', async () => {
    const server = await startServer();
    await using first = await openRedis({ url: server.url, partitions: 3 });
    await first.connection.agree({ total: 4 });
    await expect(openRedis({ url: server.url, partitions: 2 })).rejects.toMatchObject({
      code: 'ENGINE_INVALID',
      message: expect.stringContaining('pass partitions: 3') as string,
    });
    const lease = await first.claim(2);
    await using second = await openRedis({ url: server.url });
    expect(await second.connection.journal.load(lease)).toBeNull();
  });
});
