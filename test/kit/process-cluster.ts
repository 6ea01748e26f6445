/**
 * A bot as it runs in production: Redis, a gateway, and nodes and consumers that are processes of their own. The gateway
 * is in the process of the test, and its oracle judges what all nodes send.
 */
import { RedisLine } from '../../src/cli/demo/cluster/redis-line.ts';
import type { DispatchConsumerOptions, ManagerOptions } from '../../src/index.ts';
import { RedisKeyspace } from '../../src/redis/redis-keys.ts';
import { FakeGateway } from '../../src/testing/index.ts';
import type { FakeConnection, FakeGatewayOptions, OracleRule } from '../../src/testing/index.ts';
import { ConsumerProcess, NodeProcess } from './cluster-processes.ts';
import type { ProgramEngineOptions } from './program-engine.ts';
import { RedisServer } from './redis-server.ts';
import type { RedisServerOptions } from './redis-server.ts';
import { StreamTail } from './stream-tail.ts';
import { until } from './until.ts';

export const APP = 'bot';
export const PROCESS_TOKEN = 'a-token-that-no-store-may-have';
export const LEASE_TTL_MS = 2_400;
const LONG_AGO_MS = 60_000;

export interface ProcessClusterOptions {
  /** Default: 4. */
  readonly shards?: number;
  /** The highest shard count that the test gives the bot. Default: `shards`. */
  readonly maxShards?: number;
  readonly gateway?: FakeGatewayOptions;
  readonly engine?: Partial<ProgramEngineOptions>;
  readonly redis?: RedisServerOptions;
  /** Whether Redis was empty long ago: nodes need not wait for owners or IDENTIFYs that it may have forgotten. Default: false. */
  readonly isRedisOld?: boolean;
  /** What Redis asks for. */
  readonly password?: string;
  /** The options of every node. With `publish` unless they say otherwise. */
  readonly manager?: Partial<ManagerOptions>;
  /** The rules of the oracle that the test makes the nodes break. */
  readonly breaks?: readonly OracleRule[];
}

/** How a shard came from one connection to the next, on the clock of the test. */
export interface ShardConnection {
  readonly shardId: number;
  readonly connection: FakeConnection;
  /** When the gateway accepted its IDENTIFY or RESUME. */
  readonly acceptedAt: number;
  closedAt: number | null;
}

export class ProcessCluster implements AsyncDisposable {
  readonly gateway: FakeGateway;
  readonly redis: RedisServer;
  readonly tail: StreamTail;
  readonly shards: number;
  readonly nodes: NodeProcess[] = [];
  readonly consumers: ConsumerProcess[] = [];
  /** The ids of all messages that were sent, in order. */
  readonly sent: string[] = [];
  /** All connections that a shard has had, in order. */
  readonly connections: ShardConnection[] = [];
  readonly #options: ProcessClusterOptions;
  readonly #proxies: RedisLine[] = [];
  #identifiesAtStart = 0;

  private constructor(gateway: FakeGateway, redis: RedisServer, options: ProcessClusterOptions) {
    this.gateway = gateway;
    this.redis = redis;
    this.shards = options.shards ?? 4;
    this.#options = options;
    const partitions = options.engine?.partitions ?? 1;
    this.tail = new StreamTail({ url: this.url, app: APP, shards: options.maxShards ?? this.shards, partitions });
    this.#observe();
  }

  static async start(options: ProcessClusterOptions = {}): Promise<ProcessCluster> {
    const gateway = await FakeGateway.listen({
      token: PROCESS_TOKEN,
      sessionStartLimit: { maxConcurrency: 16 },
      shards: options.shards ?? 4,
      strict: true,
      ...options.gateway,
    });
    const { password, redis = {} } = options;
    const config = [...(redis.config ?? []), ...(password === undefined ? [] : ['--requirepass', password])];
    const cluster = new ProcessCluster(gateway, await RedisServer.start({ ...redis, config }), options);
    if (options.isRedisOld === true) await cluster.#ageRedis();
    return cluster;
  }

  /** The URL of Redis. */
  get url(): string {
    const { password } = this.#options;
    return password === undefined ? this.redis.url : `redis://:${password}@127.0.0.1:${this.redis.port}`;
  }

  /** Starts a node, and joins the cluster unless told otherwise. */
  async node(
    name: string,
    { manager = {}, url, diesWithPermit = false, connects = true }: NodeStart = {},
  ): Promise<NodeProcess> {
    const node = new NodeProcess(name, {
      engine: this.#engine(url),
      diesWithPermit,
      manager: {
        token: PROCESS_TOKEN,
        intents: ['Guilds', 'GuildMessages'],
        api: this.gateway.apiUrl,
        node: name,
        publish: true,
        rebalance: { maxMovesPerSecond: 20 },
        ...this.#options.manager,
        ...manager,
      },
    });
    this.nodes.push(node);
    return connects ? node.connect() : node;
  }

  /** Starts a consumer that reads everything that is kept. */
  async consumer(options: Partial<DispatchConsumerOptions> = {}, url?: string): Promise<ConsumerProcess> {
    const consumer = new ConsumerProcess({
      engine: this.#engine(url),
      consumer: { group: 'bot', from: 'start', ...options },
    });
    this.consumers.push(consumer);
    return consumer.start();
  }

  /** A way to Redis that can be cut, for one process. */
  async proxy(): Promise<RedisLine> {
    const proxy = await RedisLine.open(this.redis.port);
    this.#proxies.push(proxy);
    return proxy;
  }

  /** Sends a message on each shard, or on one. Returns the ids. */
  send({ shardId, content = '', guildId }: { shardId?: number; content?: string; guildId?: string } = {}): string[] {
    const ids = shardId === undefined ? Array.from({ length: this.shards }, (_, id) => id) : [shardId];
    return ids.map((to) => {
      const id = `m${this.sent.length}`;
      this.sent.push(id);
      const guild = guildId === undefined ? {} : { guild_id: guildId };
      this.gateway.dispatch('MESSAGE_CREATE', { id, content, ...guild }, { shardId: to });
      return id;
    });
  }

  /** Sends messages on all shards in turn, at a rate, until it is stopped. */
  load(perSecond: number): { stop(): void } {
    const startedAt = performance.now();
    let count = 0;
    const timer = setInterval(() => {
      const due = ((performance.now() - startedAt) / 1_000) * perSecond;
      for (; count < due; count += 1) this.send({ shardId: count % this.shards });
    }, 10);
    return { stop: () => clearInterval(timer) };
  }

  /** Resolves when the nodes hold all shards, and each of these is ready. */
  async settled(nodes: readonly NodeProcess[], counts?: readonly number[]): Promise<void> {
    await until(
      'all shards are ready',
      () => {
        const held = nodes.flatMap((node) => [...node.held]);
        return (
          held.length === this.shards &&
          new Set(held).size === this.shards &&
          nodes.every((node) => node.isReady) &&
          (counts === undefined || counts.every((count, index) => nodes[index]?.held.size === count))
        );
      },
      () => this.state,
    );
  }

  /** From now on no IDENTIFY is expected: {@link identifies} counts from here. */
  countIdentifies(): void {
    this.#identifiesAtStart = this.gateway.stats.identifies;
  }

  get identifies(): number {
    return this.gateway.stats.identifies - this.#identifiesAtStart;
  }

  /** Resolves when everything that was sent is in the stream, and has been handled by each group. */
  async delivered(): Promise<void> {
    await until(
      'everything is delivered',
      () =>
        this.#isPlausible &&
        Object.values(this.balance).every((value) => Array.isArray(value) || value === this.sent.length),
      () => ({ balance: this.balance, state: this.state }),
    );
  }

  /** Whether as many were published and handled as were sent. Quick, because it is asked often. */
  get #isPlausible(): boolean {
    const groups = Map.groupBy(this.consumers, ({ group }) => group);
    const counts = [...groups.values()].map((consumers) => consumers.reduce((sum, { begun }) => sum + begun.length, 0));
    return [this.tail.messageIds.size, ...counts].every((count) => count >= this.sent.length);
  }

  /** What became of the messages that were sent. */
  get balance(): Record<string, number | readonly string[]> {
    const streamed = this.tail.messageIds;
    const groups = Map.groupBy(this.consumers, ({ group }) => group);
    const handled = [...groups].flatMap(([group, consumers]) => {
      const begun = consumers.flatMap((consumer) => consumer.begun);
      return [
        [`handled by ${group}`, new Set(begun).size] as const,
        [`handled twice by ${group}`, doubles(begun)] as const,
      ];
    });
    return {
      sent: this.sent.length,
      'in the stream': streamed.size,
      'twice in the stream': this.tail.faults,
      ...Object.fromEntries(handled),
    };
  }

  /** The balance if everything was published and handled exactly once. */
  get evenBalance(): Record<string, number | readonly string[]> {
    return Object.fromEntries(
      Object.entries(this.balance).map(([name, value]) => [name, Array.isArray(value) ? [] : this.sent.length]),
    );
  }

  /** How long each shard that has a new connection was without one, in ms, since the connections from `since` on. */
  gaps(since: number): number[] {
    return this.connections.slice(since).map(({ shardId, acceptedAt }, index) => {
      const before = this.connections.slice(0, since + index).findLast((each) => each.shardId === shardId);
      return acceptedAt - (before?.closedAt ?? acceptedAt);
    });
  }

  /** What a test says when it waits in vain. */
  get state(): unknown {
    return {
      nodes: this.nodes.map(({ name, held, states, released, faults, program }) => ({
        name,
        hasEnded: program.hasEnded,
        held: [...held].join(),
        states: [...states].map((each) => each.join(' ')).join(),
        released: released.slice(-8).map((each) => each.join(' ')),
        faults: faults.slice(-8),
        output: program.output.slice(-500),
      })),
      consumers: this.consumers.map(({ group, handlings, faults, program }) => ({
        group,
        handlings: handlings.length,
        faults: faults.slice(-8),
        output: program.output.slice(-500),
      })),
      connections: this.gateway.connections.length,
      stats: { ...this.gateway.stats, violations: this.gateway.stats.violations.slice(-5) },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.nodes, ...this.consumers].map(({ program }) => program.kill()));
    await this.tail.stop();
    for (const proxy of this.#proxies) await proxy[Symbol.asyncDispose]();
    await this.redis[Symbol.asyncDispose]();
    await this.gateway.close();
    const { breaks = [] } = this.#options;
    const complaints = this.gateway.complaints.filter(({ rule }) => !breaks.includes(rule));
    if (complaints.length > 0) throw new Error(`the oracle complains: ${JSON.stringify(complaints, null, 1)}`);
    const leaking = [...this.nodes, ...this.consumers].filter(({ program }) => program.output.includes(PROCESS_TOKEN));
    if (leaking.length > 0) throw new Error('a process has written the token');
  }

  #engine(url = this.url): ProgramEngineOptions {
    return { app: APP, leaseTtlMs: LEASE_TTL_MS, url, ...this.#options.engine };
  }

  async #ageRedis(): Promise<void> {
    const { all } = new RedisKeyspace(APP, this.#options.engine?.partitions ?? 1);
    const birth = String(Date.now() - LONG_AGO_MS);
    await this.redis.set(Object.fromEntries(all.map((keys) => [keys.birth, birth])));
  }

  /** Looks at all connections after each change. */
  #observe(): void {
    const known = new Map<FakeConnection, ShardConnection>();
    this.gateway
      .waitUntil(() => {
        for (const connection of this.gateway.connections) {
          if (connection.sessionId === null || connection.shard === null || known.has(connection)) continue;
          const acceptedAt = performance.now();
          const entry: ShardConnection = { shardId: connection.shard[0], connection, acceptedAt, closedAt: null };
          known.set(connection, entry);
          this.connections.push(entry);
          void connection.closed.then(() => (entry.closedAt = performance.now()));
        }
        return false;
      })
      .catch(() => undefined);
  }
}

export interface NodeStart {
  readonly manager?: Partial<ManagerOptions>;
  readonly url?: string;
  readonly diesWithPermit?: boolean;
  readonly connects?: boolean;
}

const doubles = (ids: readonly string[]): string[] => {
  const seen = new Set<string>();
  return ids.filter((id) => seen.size === seen.add(id).size);
};
