/** Nodes of one bot, a gateway and an engine in memory that share a virtual clock. Each node can be frozen or cut off. */
import { MemoryLine } from '../../src/cluster/memory/memory-line.ts';
import { MemoryServer } from '../../src/cluster/memory/memory-server.ts';
// Loaded before the first connect(): loading takes real time.
import '../../src/cluster/node/cluster-node.ts';
import { ShardManager } from '../../src/index.ts';
import type { ManagerOptions } from '../../src/index.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { MemoryGateway } from './memory-gateway.ts';
import type { MemorySocket } from './memory-gateway.ts';
import { ProcessClock } from './process-clock.ts';
import { LIMIT, infoBody, jsonResponse } from './virtual-manager.ts';
import type { Limit } from './virtual-manager.ts';
import { TOKEN } from './virtual-shard.ts';

export const LEASE_TTL_MS = 12_000;

interface VirtualClusterOptions {
  readonly shards?: number;
  readonly limit?: Partial<Limit>;
  /** The options of every node. */
  readonly manager?: Partial<ManagerOptions>;
}

export type VirtualNode = ReturnType<ReturnType<typeof virtualCluster>['node']>;

export function virtualCluster({ shards = 2, limit = {}, manager: options = {} }: VirtualClusterOptions = {}) {
  const clock = new VirtualClock();
  const { max_concurrency: maxConcurrency, remaining, total, reset_after: resetAfterMs } = { ...LIMIT, ...limit };
  const gateway = new MemoryGateway(clock, {
    maxConcurrency,
    remainingStarts: remaining,
    totalStarts: total,
    resetAfterMs,
  });
  const server = new MemoryServer({ leaseTtlMs: LEASE_TTL_MS, clock });

  const node = (name: string, own: Partial<ManagerOptions> = {}) => {
    const process = new ProcessClock(clock);
    const line = new MemoryLine(server, process);
    line.set({ requestDelayMs: 1, answerDelayMs: 1 });
    const sockets: MemorySocket[] = [];
    const createSocket: NonNullable<ManagerOptions['createSocket']> = (url, socketOptions) => {
      const socket = process.guard(gateway.createSocket(url, socketOptions));
      sockets.push(socket);
      return socket;
    };
    const manager = new ShardManager({
      token: TOKEN,
      intents: ['Guilds'],
      compression: 'none',
      createSocket,
      fetch: async () => jsonResponse(200, infoBody(shards, limit)),
      clock: process,
      random: () => 0.5,
      engine: line,
      node: name,
      ...options,
      ...own,
    });
    const events: [name: string, ...args: unknown[]][] = [];
    manager.on('failed', () => undefined);
    manager.on('fault', ({ code }) => void events.push(['fault', code]));
    manager.on('claimed', (shardId) => void events.push(['claimed', shardId]));
    manager.on('released', (shardId, why) => void events.push(['released', shardId, why]));
    const handled: unknown[] = [];
    manager.onDispatch('MESSAGE_CREATE', ({ id }) => void handled.push(id));
    return {
      manager,
      line,
      process,
      sockets,
      events,
      handled,
      get shards(): number[] {
        return [...manager.shards.keys()].toSorted((a, b) => a - b);
      },
    };
  };

  return {
    clock,
    gateway,
    server,
    node,
    /** Runs time until a condition holds. Throws after a minute. */
    runUntil: async (condition: () => boolean): Promise<void> => {
      const startedAt = clock.now();
      while (!condition()) {
        if (clock.now() - startedAt > 60_000) throw new Error('the condition did not hold within a minute');
        await clock.advanceAsync(50);
      }
    },
    /** Stops nodes, so that no timer is left. */
    stop: async (...nodes: { readonly manager: ShardManager }[]): Promise<void> => {
      const stopped = nodes.map((each) => each.manager.disconnect());
      await clock.advanceAsync(20_000);
      await Promise.all(stopped);
    },
  };
}
