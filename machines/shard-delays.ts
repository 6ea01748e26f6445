/**
 * Every delayed transition of a shard, by name. The dice are given, so that the chart can be walked without
 * chance.
 */
import type { AnyActorRef } from 'xstate';
import type { ShardContext } from './shard-context.ts';
import { DRAIN_TIMEOUT_MS, ZOMBIE_TIMEOUT_MS, readyPatienceMs, reconnectDelayMs } from './timing.ts';

/** A shard that asks how long. Its system tells it from others that run the same machine. */
interface Asking {
  readonly context: ShardContext;
  readonly system: AnyActorRef['system'];
}

type Delay = (asking: Asking) => number;

/** @param random - rolls the dice of the shard that asks; in [0, 1) */
export const shardDelays = (random: (asking: Asking) => number) =>
  ({
    restoreTimeout: ({ context }) => context.timing.connectTimeoutMs,
    connectTimeout: ({ context }) => context.timing.connectTimeoutMs,
    helloTimeout: ({ context }) => context.timing.helloTimeoutMs,
    resumedTimeout: ({ context }) => context.timing.resumedTimeoutMs,
    readyPatience: ({ context }) => readyPatienceMs(context),
    stableAfter: ({ context }) => context.timing.stableAfterMs,
    reconnectDelay: (asking) =>
      reconnectDelayMs(asking.context.loss?.pause ?? 'backoff', asking.context, () => random(asking)),
    closeTimeout: ({ context }) => context.timing.closeTimeoutMs,
    zombieTimeout: () => ZOMBIE_TIMEOUT_MS,
    // `heartbeatIntervalMs` is set, and sane, whenever these two run.
    heartbeatJitter: (asking) => (asking.context.heartbeatIntervalMs ?? 0) * random(asking),
    heartbeatInterval: ({ context }) => context.heartbeatIntervalMs ?? 0,
    drainTimeout: () => DRAIN_TIMEOUT_MS,
  }) satisfies Record<string, Delay>;
