/** A redis-server of its own for tests: on loopback, without persistence, in a directory that is removed. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from 'redis';
import { needsRedisServer } from '../../scripts/redis-server.ts';
import { findRedisServer } from '../../src/cli/demo/cluster/find-redis-server.ts';

/** Returns the path of redis-server, or `null` with a notice if there is none. Throws when `CI` is `true`, but on Windows. */
export function redisServerPath(): string | null {
  const path = findRedisServer();
  if (path !== null) return path;
  if (needsRedisServer())
    throw new Error('tests on Redis need redis-server: install it, or set REDIS_SERVER to its path');
  process.stderr.write(
    '\nNOTICE: no redis-server found, so the tests on Redis are skipped. Install it, or set REDIS_SERVER to its path.\n\n',
  );
  return null;
}

/** Returns a port that is free now. */
export async function freePort(max = 65_535): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port > max ? freePort(max) : port;
}

export interface RedisServerOptions {
  /** More of its configuration, such as `['--maxmemory', '10mb']`. */
  readonly config?: readonly string[];
  /** Where it listens. Default: a free port. */
  readonly port?: number;
  /** The content of a configuration file, which the server may rewrite. */
  readonly file?: string;
  /** It needs a second port, 10,000 higher, for the others. */
  readonly isOfCluster?: boolean;
  /** Writes a file when it ends, and reads it when it starts. Default: it begins empty at each start. */
  readonly isKept?: boolean;
}

export class RedisServer implements AsyncDisposable {
  readonly port: number;
  readonly #directory: string;
  readonly #options: RedisServerOptions;
  #process: ChildProcess | null = null;

  private constructor(port: number, directory: string, options: RedisServerOptions) {
    this.port = port;
    this.#directory = directory;
    this.#options = options;
  }

  /** Resolves when it accepts connections. */
  static async start(options: RedisServerOptions = {}): Promise<RedisServer> {
    const directory = await mkdtemp(join(tmpdir(), 'shardwright-redis-'));
    // Another process may take a free port before the server does.
    for (let attempt = 1; ; attempt += 1) {
      const server = new RedisServer(
        options.port ?? (await freePort(options.isOfCluster === true ? 50_000 : 65_535)),
        directory,
        options,
      );
      try {
        await server.start();
        return server;
      } catch (error) {
        if (attempt === 3 || options.port !== undefined) throw error;
      }
    }
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts it again, after `stop()` or `kill()`. */
  async start(): Promise<void> {
    const path = redisServerPath();
    if (path === null) throw new Error('there is no redis-server');
    const { config = [], isKept = false, file } = this.#options;
    const configPath = join(this.#directory, 'redis.conf');
    if (file !== undefined) await writeFile(configPath, file);
    const child = spawn(
      path,
      [
        ...(file === undefined ? [] : [configPath]),
        '--port',
        String(this.port),
        '--bind',
        '127.0.0.1',
        '--dir',
        this.#directory,
        '--appendonly',
        'no',
        '--save',
        isKept ? '3600 1' : '',
        ...config,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    this.#process = child;
    let log = '';
    await new Promise<void>((resolve, reject) => {
      child.stdout.on('data', (chunk: Buffer) => {
        log += chunk.toString();
        if (/Ready to accept connections|Running mode=sentinel/.test(log)) resolve();
      });
      child.once('error', reject);
      child.once('exit', (code) => reject(new Error(`redis-server ended with code ${code}: ${log.slice(-2_000)}`)));
    });
  }

  /** Resolves with the names of all keys. */
  async keys(): Promise<string[]> {
    const client = await createClient({ url: this.url }).connect();
    const keys = await client.keys('*');
    client.destroy();
    return keys.toSorted();
  }

  /** Gives keys a text as their value. */
  async set(values: Readonly<Record<string, string>>): Promise<void> {
    const client = await createClient({ url: this.url }).connect();
    await client.mSet(values);
    client.destroy();
  }

  /** Resolves when the port is open, which it is before the data is loaded. */
  async listening(): Promise<void> {
    for (;;) {
      const socket = connect(this.port, '127.0.0.1');
      const isOpen = await new Promise((resolve) =>
        socket.on('connect', () => resolve(true)).on('error', () => resolve(false)),
      );
      socket.destroy();
      if (isOpen === true) return;
    }
  }

  /** Ends it in order. With `isKept` it writes its file. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** It answers nothing, and keeps its connections. */
  freeze(): void {
    this.#process?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#process?.kill('SIGCONT');
  }

  /** Kills it, and starts it without any data. */
  async restartEmpty(): Promise<void> {
    await this.kill();
    await this.start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    // A process that is stopped does not see a signal other than SIGKILL.
    if (signal !== 'SIGKILL') child.kill('SIGCONT');
    child.kill(signal);
    await ended;
  }
}

/** Three servers that share the slots, without replicas. */
export class RedisCluster implements AsyncDisposable {
  readonly servers: readonly RedisServer[];

  private constructor(servers: readonly RedisServer[]) {
    this.servers = servers;
  }

  static async start(): Promise<RedisCluster> {
    const config = [
      '--cluster-enabled',
      'yes',
      '--cluster-node-timeout',
      '1000',
      '--cluster-allow-reads-when-down',
      'no',
    ];
    const servers = await Promise.all([0, 1, 2].map(() => RedisServer.start({ config, isOfCluster: true })));
    const cluster = new RedisCluster(servers);
    await cluster.#meet();
    return cluster;
  }

  async #meet(): Promise<void> {
    const SLOTS = 16_384;
    const clients = await Promise.all(this.servers.map(({ url }) => createClient({ url }).connect()));
    const share = Math.ceil(SLOTS / clients.length);
    await Promise.all(
      clients.map(async (client, index) => {
        const last = Math.min(SLOTS, (index + 1) * share) - 1;
        await client.sendCommand(['CLUSTER', 'ADDSLOTSRANGE', String(index * share), String(last)]);
        for (const { port } of this.servers) await client.sendCommand(['CLUSTER', 'MEET', '127.0.0.1', String(port)]);
      }),
    );
    const isWhole = async (): Promise<boolean> => {
      const infos = await Promise.all(clients.map((client) => client.clusterInfo()));
      return infos.every((info) => /cluster_state:ok[^]*cluster_known_nodes:3/.test(info));
    };
    while (!(await isWhole())) await new Promise((resolve) => setTimeout(resolve, 50));
    for (const client of clients) client.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.servers.map((server) => server[Symbol.asyncDispose]()));
  }
}

/** A master with a replica, and a sentinel that replaces the master when it is gone. */
export class RedisSentinels implements AsyncDisposable {
  readonly master: RedisServer;
  readonly replica: RedisServer;
  readonly sentinel: RedisServer;

  private constructor(master: RedisServer, replica: RedisServer, sentinel: RedisServer) {
    this.master = master;
    this.replica = replica;
    this.sentinel = sentinel;
  }

  static async start(): Promise<RedisSentinels> {
    const master = await RedisServer.start();
    const replica = await RedisServer.start({ config: ['--replicaof', '127.0.0.1', String(master.port)] });
    const file = [
      `sentinel monitor bot 127.0.0.1 ${master.port} 1`,
      'sentinel down-after-milliseconds bot 500',
      'sentinel failover-timeout bot 2000',
    ].join('\n');
    const sentinel = await RedisServer.start({ file: `${file}\n`, config: ['--sentinel'] });
    const servers = new RedisSentinels(master, replica, sentinel);
    await servers.#complete();
    return servers;
  }

  /** Resolves when the replica has all, and the sentinel knows it. */
  async #complete(): Promise<void> {
    const [replica, sentinel] = await Promise.all(
      [this.replica, this.sentinel].map(({ url }) => createClient({ url }).connect()),
    );
    const isComplete = async (): Promise<boolean> =>
      /master_link_status:up/.test((await replica?.info('replication')) ?? '') &&
      /slaves=1,/.test((await sentinel?.info('sentinel')) ?? '');
    while (!(await isComplete())) await new Promise((resolve) => setTimeout(resolve, 50));
    for (const client of [replica, sentinel]) client?.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of [this.sentinel, this.replica, this.master]) await server[Symbol.asyncDispose]();
  }
}

/** Deletes all that a server has of one app, as if it had forgotten it. */
export async function forgetApp(url: string, app: string): Promise<void> {
  const client = await createClient({ url }).connect();
  for (const pattern of [`{${app}}:*`, `{${app}.p*}:*`])
    for await (const keys of client.scanIterator({ MATCH: pattern, COUNT: 1_000 }))
      for (const key of keys) await client.unlink(key);
  client.destroy();
}
