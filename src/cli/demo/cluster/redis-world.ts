/** The demo on Redis: each node and the consumer is a process. */
import type { Engine } from '../../../index.ts';
import { redisEngine } from '../../../redis/index.ts';
import { DemoProcess } from './child-process.ts';
import type {
  ConsumerMessage,
  ConsumerProcessConfig,
  Delivered,
  NodeConfig,
  NodeMessage,
  NodeProcessConfig,
  RedisConfig,
} from './messages.ts';
import { RedisLine } from './redis-line.ts';
import { RedisProcess } from './redis-process.ts';
import type { DemoNode, DemoWorld } from './world.ts';

export const DEMO_APP = 'demo';

export class RedisWorld implements DemoWorld {
  readonly engineName = 'Redis';
  readonly nodeKind = 'process';
  readonly engine: Engine;
  readonly #redis: RedisProcess;
  readonly #line: RedisLine;
  readonly #config: RedisConfig;
  readonly #processes: AsyncDisposable[] = [];
  readonly #killWithDemo = (): void => this.#redis.kill();

  private constructor(redis: RedisProcess, line: RedisLine, leaseTtlMs: number) {
    this.#redis = redis;
    this.#line = line;
    this.#config = { url: line.url, app: DEMO_APP, leaseTtlMs };
    this.engine = redisEngine({ ...this.#config, url: redis.url });
    process.once('exit', this.#killWithDemo);
  }

  static async start(path: string, leaseTtlMs: number): Promise<RedisWorld> {
    const redis = await RedisProcess.start(path);
    return new RedisWorld(redis, await RedisLine.open(redis.port), leaseTtlMs);
  }

  /** The address of the server, which is never cut. */
  get url(): string {
    return this.#redis.url;
  }

  async startNode(config: NodeConfig, onMessage: (message: NodeMessage) => void): Promise<DemoNode> {
    const own: NodeProcessConfig = { ...config, redis: this.#config };
    const child = new DemoProcess<NodeMessage>('node-process', own, onMessage);
    this.#processes.push(child);
    return {
      stop: () => child.end('SIGTERM'),
      kill: () => child.end('SIGKILL'),
      freeze: () => child.signal('SIGSTOP'),
      thaw: () => child.signal('SIGCONT'),
    };
  }

  async startConsumer(onDelivered: (delivered: Delivered) => void): Promise<void> {
    const config: ConsumerProcessConfig = { redis: this.#config, redisPid: this.#redis.pid };
    const started = Promise.withResolvers<void>();
    const child = new DemoProcess<ConsumerMessage>('consumer-process', config, (message) => {
      if (message.kind === 'started') started.resolve();
      else if (message.kind === 'delivered') for (const delivered of message.deliveries) onDelivered(delivered);
      else started.reject(new Error(message.message));
    });
    this.#processes.push(child);
    await started.promise;
  }

  cut(): void {
    this.#line.cut();
  }

  mend(): void {
    this.#line.mend();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#processes.map((child) => child[Symbol.asyncDispose]()));
    await this.#line[Symbol.asyncDispose]();
    await this.#redis[Symbol.asyncDispose]();
    process.off('exit', this.#killWithDemo);
  }
}
