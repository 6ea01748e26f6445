/**
 * Every delayed transition of a shard, by name. The dice are given, so that the chart can be walked without
 * chance.
 */
import type { AnyActorRef } from 'xstate';
import type { ShardContext } from './context.ts';
import { FLUSH_READS_TIMEOUT_MS, ZOMBIE_TIMEOUT_MS, readyPatienceMs, reconnectDelayMs } from '../timing.ts';

/** The arguments of a delay. `system` identifies the shard among those that run the same machine. */
export interface DelayArgs {
  readonly context: ShardContext;
  readonly system: AnyActorRef['system'];
}

type Delay = (args: DelayArgs) => number;

/** @param random - rolls the dice of the shard that asks; in [0, 1) */
export const shardDelays = (random: (args: DelayArgs) => number) =>
  ({
    restoreTimeout: ({ context }) => context.timing.connectTimeoutMs,
    connectTimeout: ({ context }) => context.timing.connectTimeoutMs,
    helloTimeout: ({ context }) => context.timing.helloTimeoutMs,
    resumedTimeout: ({ context }) => context.timing.resumedTimeoutMs,
    readyPatience: ({ context }) => readyPatienceMs(context),
    stableAfter: ({ context }) => context.timing.stableAfterMs,
    reconnectDelay: (args) => reconnectDelayMs(args.context.loss?.pause ?? 'backoff', args.context, () => random(args)),
    closeTimeout: ({ context }) => context.timing.closeTimeoutMs,
    zombieTimeout: () => ZOMBIE_TIMEOUT_MS,
    // `heartbeatIntervalMs` is set, and sane, whenever these two run.
    heartbeatJitter: (args) => (args.context.heartbeatIntervalMs ?? 0) * random(args),
    heartbeatInterval: ({ context }) => context.heartbeatIntervalMs ?? 0,
    flushReadsTimeout: () => FLUSH_READS_TIMEOUT_MS,
  }) satisfies Record<string, Delay>;
