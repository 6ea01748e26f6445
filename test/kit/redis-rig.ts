/** An open engine on a redis-server of its own, and what it has reported. */
import type { EngineConnection } from '../../src/cluster/ports/engine.ts';
import type { Lease, Member, OwnershipScope } from '../../src/cluster/ports/ownership.ts';
import type { GatewayError } from '../../src/index.ts';
import { redisEngine } from '../../src/redis/index.ts';
import type { RedisEngineOptions } from '../../src/redis/index.ts';

export const SESSION = {
  sessionId: 'session',
  resumeUrl: 'wss://gateway.example',
  sequence: 1,
  shardId: 0,
  shardCount: 4,
};
export const BOUNDS = { maxLength: 100_000, maxAgeMs: 3_600_000 };
export const OWNER: Member = { name: 'node', instance: 'instance-1' };
export const SHARDS = { kind: 'shards' } as const;

export interface RedisRig extends AsyncDisposable {
  readonly connection: EngineConnection;
  readonly reports: readonly GatewayError[];
  /** Joins, and claims a shard as soon as it may. */
  claim(shardId?: number, scope?: OwnershipScope): Promise<Lease>;
  /** Resolves when `isReachable` has this value. */
  reachable(isReachable: boolean): Promise<void>;
}

export async function openRedis(options: Partial<RedisEngineOptions>): Promise<RedisRig> {
  const reports: GatewayError[] = [];
  const engine = redisEngine({ app: 'bot', leaseTtlMs: 600, ...options });
  const connection = await engine.open({ report: (error) => void reports.push(error) });
  return {
    connection,
    reports,
    claim: async (shardId = 0, scope = SHARDS) => {
      await connection.agree({ total: 4 });
      const ownership = connection.ownership(scope);
      await ownership.join(OWNER);
      for (;;) {
        const lease = await ownership.claim(shardId, OWNER);
        if (lease !== null) return lease;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    reachable: (isReachable) =>
      new Promise((resolve) => {
        if (connection.isReachable === isReachable) return resolve();
        const stop = connection.onReachableChange((next) => {
          if (next !== isReachable) return;
          stop();
          resolve();
        });
      }),
    [Symbol.asyncDispose]: () => connection.close(),
  };
}

export const dispatchOf = (sequence: number) => ({
  sequence,
  t: 'MESSAGE_CREATE',
  guildId: '1',
  bytes: new TextEncoder().encode(`{"op":0,"s":${sequence}}`),
});
