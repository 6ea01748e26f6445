/** The process of a node: a manager with or without an engine, and what it costs. */
import { ShardManager } from '../../src/index.ts';
import { MemoryIdentifyGate } from '../../src/index.ts';
import { redisEngine } from '../../src/redis/index.ts';
import { serve } from '../rpc.ts';
import { TOKEN } from '../server/packets.ts';
import type { EngineSetup } from './rig.ts';

export interface NodeSetup {
  readonly apiUrl: string;
  readonly shards: number;
  /** `alone` has no engine. */
  readonly mode: 'alone' | 'node' | 'publish';
  readonly engine: EngineSetup;
}

/** No stream is trimmed, so that its length says what is stored. */
const MAX_LENGTH = 10_000_000;
/** Nothing moves to another node. */
const MAX_MOVES_PER_SECOND = 0.001;

let manager: ShardManager | null = null;
let handled = 0;
let startedCpu = process.cpuUsage();
let waiter: { readonly count: number; readonly resolve: () => void } | null = null;

const procedures = {
  connect: async ({ apiUrl, shards, mode, engine }: NodeSetup): Promise<void> => {
    const options = {
      token: TOKEN,
      intents: 1,
      api: apiUrl,
      compression: 'zlib-stream' as const,
      shards,
    };
    manager =
      mode === 'alone'
        ? new ShardManager({
            ...options,
            identifyGate: new MemoryIdentifyGate({ maxConcurrency: shards, spacingMs: 0, marginMs: 0 }),
          })
        : new ShardManager({
            ...options,
            engine: redisEngine(engine),
            rebalance: { maxMovesPerSecond: MAX_MOVES_PER_SECOND },
            publish: mode === 'publish' && { maxLength: MAX_LENGTH },
          });
    // `d` is not read.
    manager.on('dispatch', () => {
      handled += 1;
      if (handled === waiter?.count) waiter.resolve();
    });
    await manager.connect();
  },
  /** Begins to count dispatches and CPU time. */
  arm: (): void => {
    globalThis.gc?.();
    handled = 0;
    startedCpu = process.cpuUsage();
  },
  /** Resolves when the listener has been called this often. */
  arrived: async (count: number): Promise<void> => {
    if (handled >= count) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    waiter = { count, resolve };
    await promise;
  },
  cpuUs: (): number => {
    const { user, system } = process.cpuUsage(startedCpu);
    return user + system;
  },
  held: (): number => manager?.shards.size ?? 0,
};

export type NodeProcedures = typeof procedures;

serve(procedures);
