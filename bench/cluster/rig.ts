/** What a case runs on: a redis-server of its own, the gateway, and processes of nodes and consumers. */
import { join } from 'node:path';
import { createClient } from 'redis';
import { RedisKeyspace } from '../../src/redis/redis-keys.ts';
import { RedisServer } from '../../test/kit/redis-server.ts';
import { RemoteProcess } from '../rpc.ts';
import type { Procedures } from '../rpc.ts';
import type { GatewaySetup } from '../server/gateway-setup.ts';
import type { GatewayProcedures } from '../server/main.ts';

/** The options of `redisEngine()` that all processes of a case share. */
export interface EngineSetup {
  readonly url: string;
  readonly app: string;
  readonly leaseTtlMs: number;
}

/** What Redis has used since a moment. */
export interface RedisUse {
  /** User and system time, in µs. */
  readonly cpuUs: number;
  readonly calls: number;
}

const GATEWAY = join(import.meta.dirname, '..', 'server', 'main.ts');
const APP = 'bench';
const POLL_MS = 10;
const US_PER_SECOND = 1e6;

/** The flag prevents a crash of V8 with worker threads; see test/kit/v8-flags.ts. */
const FLAGS = ['--expose-gc', '--wasm-wrapper-tiering-budget=2147483647'];

async function connectTo(url: string) {
  const client = createClient({ url });
  // A server that is killed ends the connection; the call under way rejects.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

export class Rig implements AsyncDisposable {
  readonly gateway = new RemoteProcess<GatewayProcedures>(GATEWAY);
  readonly engine: EngineSetup;
  readonly #server: RedisServer;
  readonly #client: Awaited<ReturnType<typeof connectTo>>;
  readonly #children: { kill(): Promise<void> }[] = [this.gateway];

  private constructor(
    server: RedisServer,
    client: Awaited<ReturnType<typeof connectTo>>,
    { leaseTtlMs }: { readonly leaseTtlMs: number },
  ) {
    this.#server = server;
    this.#client = client;
    this.engine = { url: server.url, app: APP, leaseTtlMs };
  }

  static async start(options: { readonly leaseTtlMs: number }): Promise<Rig> {
    const server = await RedisServer.start();
    return new Rig(server, await connectTo(server.url), options);
  }

  /** Starts a process from a file of this directory. */
  spawn<P extends Procedures>(file: string): RemoteProcess<P> {
    const child = new RemoteProcess<P>(join(import.meta.dirname, file), FLAGS);
    this.#children.push(child);
    return child;
  }

  setUpGateway(setup: Omit<GatewaySetup, 'transport' | 'helloAfterMs'>): Promise<{ apiUrl: string }> {
    return this.gateway.call('setUp', { ...setup, transport: 'zlib-stream', helloAfterMs: 0 });
  }

  /** Resolves when the streams of all shards have this many entries together. */
  async stored(shards: number, count: number): Promise<void> {
    while ((await this.#lengths(shards)) < count) await new Promise((resolve) => void setTimeout(resolve, POLL_MS));
  }

  /** How many bytes of Redis an entry of a stream takes. */
  async bytesPerEntry(shardId: number): Promise<number> {
    const key = this.#streamOf(shardId);
    const bytes = await this.#client.memoryUsage(key, { SAMPLES: 0 });
    return (bytes ?? Number.NaN) / (await this.#client.xLen(key));
  }

  /** Returns a function that says what Redis has used since. */
  async watchRedis(): Promise<() => Promise<RedisUse>> {
    const before = await this.#use();
    return async () => {
      const { cpuUs, calls } = await this.#use();
      return { cpuUs: cpuUs - before.cpuUs, calls: calls - before.calls };
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#children.map((child) => child.kill()));
    this.#client.destroy();
    await this.#server[Symbol.asyncDispose]();
  }

  async #lengths(shards: number): Promise<number> {
    const lengths = await Promise.all(
      Array.from({ length: shards }, (_, shardId) => this.#client.xLen(this.#streamOf(shardId))),
    );
    return lengths.reduce((sum, length) => sum + length, 0);
  }

  #streamOf(shardId: number): string {
    return new RedisKeyspace(APP, 1).of(shardId).stream(shardId);
  }

  async #use(): Promise<RedisUse> {
    const info = await this.#client.info();
    const valueOf = (name: string): number => Number(new RegExp(`^${name}:(\\S+)`, 'm').exec(info)?.[1] ?? Number.NaN);
    return {
      cpuUs: (valueOf('used_cpu_user') + valueOf('used_cpu_sys')) * US_PER_SECOND,
      calls: valueOf('total_commands_processed'),
    };
  }
}

/** Resolves with the version of the server that the cases start. */
export async function redisVersion(): Promise<string> {
  await using server = await RedisServer.start();
  const client = await connectTo(server.url);
  const info = await client.info('server');
  client.destroy();
  return /^redis_version:(\S+)/m.exec(info)?.[1] ?? 'unknown';
}
