/**
 * The delays of a shard's chart, by name. Random numbers and the schedule of heartbeats are passed in, so that tests can
 * walk the chart without chance.
 */
import type { AnyActorRef } from 'xstate';
import type { ShardContext } from './context.ts';
import {
  CLAIM_RETRY_MS,
  FLUSH_READS_TIMEOUT_MS,
  MAX_RETRY_AFTER_MS,
  WARM_UP_CONNECT_TIMEOUTS,
  ZOMBIE_TIMEOUT_MS,
  readyPatienceMs,
  reconnectDelayMs,
  resumedTimeoutMs,
} from '../timing.ts';

/** The arguments of a delay. `system` identifies the shard among those that run the same machine. */
export interface DelayArgs {
  readonly context: ShardContext;
  readonly system: AnyActorRef['system'];
}

type Delay = (args: DelayArgs) => number;

/** Says when heartbeats are due. A schedule can correct late timers, so that heartbeats do not drift. */
export interface HeartbeatSchedule {
  /** Called at HELLO with the delay of the first heartbeat. Returns the delay of its timer, in ms. */
  scheduleFirst(delayMs: number, intervalMs: number): number;
  /** Called when a heartbeat is due. Returns the delay of the timer for the next one, in ms. */
  scheduleNext(intervalMs: number): number;
}

/** What {@link shardDelays} needs. Each function receives the arguments of the delay, which identify the shard. */
export interface DelayDependencies {
  /** Returns a random number in [0, 1). */
  readonly random: (args: DelayArgs) => number;
  /**
   * Returns the schedule of the shard's heartbeats.
   * @defaultValue a schedule that counts each interval from the last timer
   */
  readonly heartbeatSchedule?: (args: DelayArgs) => HeartbeatSchedule;
}

const UNCORRECTED: HeartbeatSchedule = {
  scheduleFirst: (delayMs) => delayMs,
  scheduleNext: (intervalMs) => intervalMs,
};

// The chart schedules heartbeats only after HELLO with a valid interval.
const heartbeatIntervalMs = ({ context }: DelayArgs): number => context.heartbeatIntervalMs ?? 0;

/** Returns the delays to provide to `shardMachine`. */
export const shardDelays = ({ random, heartbeatSchedule = () => UNCORRECTED }: DelayDependencies) =>
  ({
    restoreTimeout: ({ context }) => context.timing.connectTimeoutMs,
    claimRetryDelay: () => CLAIM_RETRY_MS,
    warmUpTimeout: ({ context }) => context.timing.connectTimeoutMs * WARM_UP_CONNECT_TIMEOUTS,
    connectTimeout: ({ context }) => context.timing.connectTimeoutMs,
    helloTimeout: ({ context }) => context.timing.helloTimeoutMs,
    resumedTimeout: ({ context }) => resumedTimeoutMs(context.timing, context.unansweredResumes),
    readyPatience: ({ context }) => readyPatienceMs(context),
    stableAfter: ({ context }) => context.timing.stableAfterMs,
    reconnectDelay: (args) => {
      const { pause = 'backoff', retryAfterMs = null } = args.context.loss ?? {};
      // The backoff is added, so that many shards don't come back at once.
      return (
        Math.min(retryAfterMs ?? 0, MAX_RETRY_AFTER_MS) + reconnectDelayMs(pause, args.context, () => random(args))
      );
    },
    closeTimeout: ({ context }) => context.timing.closeTimeoutMs,
    zombieTimeout: () => ZOMBIE_TIMEOUT_MS,
    /** @see https://discord.com/developers/docs/events/gateway#sending-heartbeats */
    heartbeatJitter: (args) => {
      const intervalMs = heartbeatIntervalMs(args);
      return heartbeatSchedule(args).scheduleFirst(intervalMs * random(args), intervalMs);
    },
    heartbeatInterval: (args) => heartbeatSchedule(args).scheduleNext(heartbeatIntervalMs(args)),
    flushReadsTimeout: () => FLUSH_READS_TIMEOUT_MS,
  }) satisfies Record<string, Delay>;
