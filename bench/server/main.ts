/** The process of the gateway, and the procedures that the bench can call in it. */
import { serve } from '../rpc.ts';
import { replaySpread } from './replayer.ts';
import { Gateway } from './gateway.ts';
import type { GatewayLog } from './gateway-log.ts';
import { HANDSHAKE_FRAMES, digestOf } from './gateway-setup.ts';
import type { GatewaySetup } from './gateway-setup.ts';
import { sharedNow } from './packets.ts';

export type Part = 'warmup' | 'measured';

export interface Storm {
  /** When each socket opened again and each session resumed, in ms since the kill. */
  readonly attemptsMs: number[];
  readonly resumedMs: number[];
  /** How many clients started a new session instead. */
  readonly identified: number;
}

/** Which of the measured events of each shard, and how many per second over all shards. */
export interface Spread {
  readonly skipped: number;
  readonly rounds: number;
  readonly perSecond: number;
}

/** Two heartbeats give one interval. */
const MIN_HEARTBEATS = 2;

const gateway = await Gateway.listen();
let setup: GatewaySetup | null = null;

function partOf(part: Part): { from: number; to: number } {
  if (setup === null) throw new Error('the gateway is not set up');
  const warmupEnd = HANDSHAKE_FRAMES + setup.warmup;
  return part === 'warmup'
    ? { from: HANDSHAKE_FRAMES, to: warmupEnd }
    : { from: warmupEnd, to: warmupEnd + setup.measured };
}

function lastConnection() {
  const last = gateway.recorded.at(-1);
  if (last === undefined) throw new Error('no client has connected');
  return last;
}

/** What the group scenarios need to know of each client that has joined. */
const logs: GatewayLog[] = [];

const procedures = {
  setUp: async (next: GatewaySetup): Promise<{ url: string; apiUrl: string }> => {
    setup = next;
    if (next.joins !== true) logs.length = 0;
    await gateway.setUp(next);
    return { url: gateway.url, apiUrl: gateway.apiUrl };
  },
  /** Returns the number of events with this name; `null` counts all. */
  count: ({ part, t }: { part: Part; t: string | null }): number => {
    const { from, to } = partOf(part);
    const messages = gateway.recordings?.messages.slice(from - HANDSHAKE_FRAMES, to - HANDSHAKE_FRAMES) ?? [];
    return t === null ? messages.length : messages.filter((message) => message.t === t).length;
  },
  digest: ({ part, withData, t }: { part: Part; withData: boolean; t: string | null }): string => {
    const { from, to } = partOf(part);
    const messages = gateway.recordings?.messages.slice(from - HANDSHAKE_FRAMES, to - HANDSHAKE_FRAMES) ?? [];
    return digestOf(t === null ? messages : messages.filter((message) => message.t === t), withData);
  },
  replay: async (part: Part): Promise<void> => {
    const { from, to } = partOf(part);
    await lastConnection().replayer.replay(from, to);
  },
  /** Returns the number of the newest connection, for `replayOn`, and of its log. */
  newest: (): { connection: number; log: number } => ({
    connection: gateway.recorded.length - 1,
    log: logs.push(gateway.log) - 1,
  }),
  replayOn: async ({ connection, part }: { connection: number; part: Part }): Promise<void> => {
    const { from, to } = partOf(part);
    await gateway.recorded[connection]?.replayer.replay(from, to);
  },
  /** Returns the CPU time of this process so far. */
  cpuUs: (): number => {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
  heartbeats: (log: number): number => logs[log]?.heartbeats.length ?? 0,
  /** Replays on all connections at once. */
  replayAll: async (part: Part): Promise<void> => {
    const { from, to } = partOf(part);
    await Promise.all(gateway.recorded.map(({ replayer }) => replayer.replay(from, to)));
  },
  /** Replays the first `count` measured events. Resolves with the time at which each was sent. */
  replayPaced: ({ count, perSecond }: { count: number; perSecond: number }): Promise<Float64Array> => {
    const { from } = partOf('measured');
    return lastConnection().replayer.replayPaced(from, from + count, perSecond);
  },
  /**
   * Replays some of the measured events on every shard at a steady rate, `perSecond` over all shards, one shard after the
   * other. Resolves with the time at which each was sent.
   */
  replaySpread: ({ skipped, rounds, perSecond }: Spread): Promise<Float64Array> => {
    const replayers = gateway.recorded.toSorted((a, b) => a.shardId - b.shardId).map(({ replayer }) => replayer);
    return replaySpread(replayers, { from: partOf('measured').from + skipped, rounds, perSecond });
  },
  /** Replays everything in a loop for `ms`, and until there were two heartbeats. Resolves with their arrival times. */
  flood: async (ms: number): Promise<number[]> => {
    const connection = lastConnection();
    const ack = gateway.recordings?.ack ?? Buffer.alloc(0);
    const until = sharedNow() + ms;
    await connection.replayer.replayInLoop(partOf('warmup').from, partOf('measured').to, () => {
      for (let left = connection.consumeHeartbeats(); left > 0; left -= 1) connection.replayer.writePiece(ack);
      return sharedNow() < until || gateway.log.heartbeats.length < MIN_HEARTBEATS;
    });
    if (!connection.replayer.isOpen) throw new Error('the client has given up the connection');
    return gateway.log.heartbeats;
  },
  /** Terminates all connections. Resolves when all shards have a session again. */
  kill: async (): Promise<Storm> => {
    const { log } = gateway;
    const before = {
      attempts: log.attempts.length,
      resumed: log.resumed.length,
      identified: log.identified.length,
      sessions: log.sessions,
    };
    const at = sharedNow();
    const count = gateway.kill();
    await log.waitForSessions(before.sessions + count);
    return {
      attemptsMs: log.attempts.slice(before.attempts).map((then) => then - at),
      resumedMs: log.resumed.slice(before.resumed).map((then) => then - at),
      identified: log.identified.length - before.identified,
    };
  },
  /** Resolves when this many sessions have started or resumed, with when they resumed on the shared clock. */
  sessions: async (count: number): Promise<{ resumedAt: readonly number[]; identified: number }> => {
    await gateway.log.waitForSessions(count);
    return { resumedAt: gateway.log.resumed, identified: gateway.log.identified.length };
  },
  helloToIdentifyMs: (): number[] => gateway.log.helloToIdentifyMs,
};

export type GatewayProcedures = typeof procedures;

serve(procedures);
