/** A manager and a gateway in memory that share a virtual clock. */
import { ShardManager } from '../../src/index.ts';
import type { ManagerEvents, ManagerOptions } from '../../src/index.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { MemoryGateway } from './memory-gateway.ts';
import type { MemorySocket } from './memory-gateway.ts';
import { TOKEN } from './virtual-shard.ts';

export interface Limit {
  total: number;
  remaining: number;
  reset_after: number;
  max_concurrency: number;
}

export const LIMIT: Limit = { total: 1_000, remaining: 1_000, reset_after: 86_400_000, max_concurrency: 1 };

export const infoBody = (shards: number, limit: Partial<Limit> = {}): object => ({
  url: 'wss://main.test',
  shards,
  session_start_limit: { ...LIMIT, ...limit },
});

export const jsonResponse = (status: number, body: unknown, headers: Record<string, string> = {}): Response =>
  new Response(typeof body === 'string' ? body : JSON.stringify(body), { status, headers });

/** `answers` are returned in order, the last one repeatedly. An error is thrown; `null` is never answered. */
export function virtualManager(
  {
    shards = 1,
    limit = {},
    answers,
  }: { shards?: number; limit?: Partial<Limit>; answers?: (() => Response | Error | null)[] } = {},
  options: Partial<ManagerOptions> = {},
) {
  const clock = new VirtualClock();
  const {
    max_concurrency: maxConcurrency,
    remaining: remainingStarts,
    total: totalStarts,
    reset_after: resetAfterMs,
  } = { ...LIMIT, ...limit };
  const gateway = new MemoryGateway(clock, { maxConcurrency, remainingStarts, totalStarts, resetAfterMs });
  const script = answers ?? [() => jsonResponse(200, infoBody(shards, limit))];
  const requests: { at: number; url: string; init: RequestInit }[] = [];
  const startedAt = clock.now();
  const fetch = async (url: unknown, init: RequestInit = {}): Promise<Response> => {
    const response = script[Math.min(requests.length, script.length - 1)]!();
    requests.push({ at: clock.now() - startedAt, url: String(url), init });
    if (response instanceof Error) throw response;
    return response ?? new Promise<never>(() => undefined);
  };
  const manager = new ShardManager({
    token: TOKEN,
    intents: ['Guilds'],
    compression: 'none',
    createSocket: gateway.createSocket,
    fetch,
    clock,
    random: () => 0.5,
    ...options,
  });
  // Without a listener a failure is written to stderr.
  manager.on('failed', () => undefined);
  const faults: [code: string, shardId: number | null, at: number][] = [];
  manager.on('fault', ({ code }: ManagerEvents['fault'][0], shardId) =>
    faults.push([code, shardId, clock.now() - startedAt]),
  );
  return {
    clock,
    gateway,
    manager,
    requests,
    faults,
    /** Returns which shard sent a packet with an opcode, and when, in the order of time. */
    sent: (op: 2 | 6): [shardId: number, at: number][] =>
      gateway.sockets
        .flatMap((socket) =>
          socket.sent
            .filter((sent) => sent.op === op)
            .map(({ at }) => [shardOf(socket), at - startedAt] as [number, number]),
        )
        .toSorted(([, a], [, b]) => a - b),
  };
}

/** A RESUME carries no shard id, but the tests name sessions after their shards. */
export function shardOf(socket: MemorySocket): number {
  for (const { op, d } of socket.sent) {
    if (op === 2) return (d as { shard: [number, number] }).shard[0];
    if (op === 6) return Number(/\d+$/.exec((d as { session_id: string }).session_id)?.[0]);
  }
  return -1;
}
