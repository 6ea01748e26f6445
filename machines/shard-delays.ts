/**
 * Every delayed transition of a shard, by name. The dice are given, so that the chart can be walked without
 * chance.
 */
import type { ShardContext } from './shard-context.ts';
import { DRAIN_TIMEOUT_MS, ZOMBIE_TIMEOUT_MS, readyPatienceMs, reconnectDelayMs } from './timing.ts';
import type { Random } from './timing.ts';

type Delay = (args: { context: ShardContext }) => number;

export const shardDelays = (random: Random) =>
  ({
    restoreTimeout: ({ context }) => context.timing.connectTimeoutMs,
    connectTimeout: ({ context }) => context.timing.connectTimeoutMs,
    helloTimeout: ({ context }) => context.timing.helloTimeoutMs,
    resumedTimeout: ({ context }) => context.timing.resumedTimeoutMs,
    readyPatience: ({ context }) => readyPatienceMs(context),
    stableAfter: ({ context }) => context.timing.stableAfterMs,
    reconnectDelay: ({ context }) => reconnectDelayMs(context.loss?.pause ?? 'backoff', context, random),
    closeTimeout: ({ context }) => context.timing.closeTimeoutMs,
    zombieTimeout: () => ZOMBIE_TIMEOUT_MS,
    // `heartbeatIntervalMs` is set, and sane, whenever these two run.
    heartbeatJitter: ({ context }) => (context.heartbeatIntervalMs ?? 0) * random(),
    heartbeatInterval: ({ context }) => context.heartbeatIntervalMs ?? 0,
    drainTimeout: () => DRAIN_TIMEOUT_MS,
  }) satisfies Record<string, Delay>;
