/**
 * Runs in its own process: brings a shard into one state and stops it there. The process must then exit with 0. An open
 * handle would keep it alive, and an uncaught error would change its exit code.
 */
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { GatewayError, MemoryIdentifyGate, MemorySessionStore, Shard } from '../../src/index.ts';
import type { ShardOptions, ShardState } from '../../src/index.ts';
import { FakeGateway } from '../../src/testing/index.ts';

const [moment = '', how = ''] = process.argv.slice(2);
const gateway = await FakeGateway.listen({ token: 'token', heartbeatIntervalMs: 100, identifyIntervalMs: 0 });
/** Accepts connections and sends nothing. */
const silent = createServer((socket) => void socket.on('error', () => undefined)).listen(0, '127.0.0.1');
await once(silent, 'listening');

const make = (options: Partial<ShardOptions> = {}): Shard =>
  new Shard({ token: 'token', intents: ['Guilds'], url: gateway.url, ...options });

const reach = async (shard: Shard, state: ShardState, ...then: ShardState[]): Promise<Shard> => {
  void shard.connect();
  while (shard.state !== state) await new Promise((resolve) => shard.once('stateChange', resolve));
  const [following, ...rest] = then;
  return following === undefined ? shard : reach(shard, following, ...rest);
};

const claim = async (): Promise<never> => {
  throw new GatewayError('SESSION_IN_USE', 'another process');
};

const MOMENTS: Record<string, () => Promise<Shard>> = {
  disconnected: async () => make(),
  restoring: () =>
    reach(
      make({ sessionStore: { load: () => new Promise(() => {}), save: async () => {}, clear: async () => {} } }),
      'connecting',
    ),
  awaitingOwner: () => {
    return reach(make({ sessionStore: Object.assign(new MemorySessionStore(), { claim }) }), 'connecting');
  },
  connecting: () => reach(make({ url: `ws://127.0.0.1:${(silent.address() as AddressInfo).port}` }), 'connecting'),
  awaitingHello: async () => {
    gateway.holdHello();
    const shard = make();
    void shard.connect();
    await new Promise<void>((resolve) => shard.once('connected', resolve));
    return shard;
  },
  queued: () => reach(make({ identifyGate: new MemoryIdentifyGate({ remaining: 0 }) }), 'identifying'),
  identifying: () => {
    gateway.holdReady();
    return reach(make(), 'identifying');
  },
  ready: () => reach(make(), 'ready'),
  resuming: async () => {
    gateway.holdResumed();
    const shard = await reach(make(), 'ready');
    gateway.connections[0]?.terminate();
    return reach(shard, 'resuming');
  },
  zombie: async () => {
    const shard = await reach(make(), 'ready');
    gateway.connections[0]?.holdAcks();
    return reach(shard, 'zombie');
  },
  reconnecting: async () => {
    gateway.refuse();
    return reach(make({ timing: { backoffBaseMs: 60_000 } }), 'reconnecting');
  },
  disconnecting: async () => {
    gateway.ignoreCloses();
    const shard = await reach(make({ timing: { closeTimeoutMs: 300 } }), 'ready');
    void shard.disconnect();
    return shard;
  },
  // A listener, because a failure without one is written to stderr.
  failed: () =>
    reach(
      make({ token: 'wrong' }).on('failed', () => undefined),
      'failed',
    ),
};

const ENDS: Record<string, (shard: Shard) => unknown> = {
  disconnect: (shard) => shard.disconnect(),
  forceClose: (shard) => shard.forceClose(),
};

const shard = await MOMENTS[moment]?.();
if (shard === undefined) throw new Error(`no moment "${moment}"; there are: ${Object.keys(MOMENTS).join(' ')}`);
await ENDS[how]?.(shard);
silent.close();
await gateway.close();
process.stdout.write(`${moment} ${how}: ${shard.state}\n`);
