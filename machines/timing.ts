/**
 * How long a shard waits for what. The bounds are here; chance is given from outside, so that the machine itself
 * is deterministic: with no dice it waits the longest it may.
 */

/** All in milliseconds, but `maxResumeAttempts`. */
export interface ShardTiming {
  /** How long a socket may take to open. Default 10 000. */
  readonly connectTimeoutMs: number;
  /** How long an open socket may stay without HELLO. Default 15 000. */
  readonly helloTimeoutMs: number;
  /** How long RESUME may stay unanswered. Default 30 000. */
  readonly resumedTimeoutMs: number;
  /** How long IDENTIFY may stay unanswered while beats are; doubles with each time. Default 300 000. */
  readonly readyPatienceMs: number;
  /** How long a close handshake may take. Default 5 000. */
  readonly closeTimeoutMs: number;
  /** How long a connection has to live before earlier failures are forgotten. Default 30 000. */
  readonly stableAfterMs: number;
  /** The backoff before the n-th attempt is at most `backoffBaseMs × 2ⁿ⁻²`. Default 500. */
  readonly backoffBaseMs: number;
  /** The most one backoff may last. Default 60 000. */
  readonly backoffCapMs: number;
  /** The wait after Invalid Session, least and most. Default [1 000, 5 000]. */
  readonly invalidSessionWaitMs: readonly [min: number, max: number];
  /** After so many failed resumes in a row a new session is started. A count. Default 4. */
  readonly maxResumeAttempts: number;
  /** With a number: a ready shard that gets no dispatch for so long resumes. Default `null`, off. */
  readonly maxDispatchSilenceMs: number | null;
}

export const DEFAULT_TIMING: ShardTiming = {
  connectTimeoutMs: 10_000,
  helloTimeoutMs: 15_000,
  resumedTimeoutMs: 30_000,
  readyPatienceMs: 300_000,
  closeTimeoutMs: 5_000,
  stableAfterMs: 30_000,
  backoffBaseMs: 500,
  backoffCapMs: 60_000,
  invalidSessionWaitMs: [1_000, 5_000],
  maxResumeAttempts: 4,
  maxDispatchSilenceMs: null,
};

/** Outside of these a heartbeat interval is a protocol fault, not a schedule. */
export const HEARTBEAT_INTERVAL_MS = { min: 50, max: 86_400_000 } as const;

/** What is already waiting on a socket is read within this, or nothing is. Longer would delay the zombie verdict. */
export const FLUSH_READS_TIMEOUT_MS = 1_000;

/** A terminated socket reports its end in the next turn; a transport that never does is not waited for. */
export const ZOMBIE_TIMEOUT_MS = 250;

/** The longest patience with an outage. More would outlast the timers of Node and the patience of people. */
const READY_PATIENCE_CAP_MS = 6 * 3_600_000;

/** A 4008 means the window of 60 s was full: wait well past an ordinary first backoff. */
const RATE_LIMITED_BACKOFFS = 10;

/** Why the next attempt waits. */
export type Pause = 'backoff' | 'invalidSession' | 'rateLimited';

/** A number in [0, 1). */
export type Random = () => number;

export interface AttemptCounters {
  readonly timing: ShardTiming;
  /** Reconnections since the last stable connection, this one included. */
  readonly attempt: number;
  /** READYs in a row that did not come. */
  readonly readyTimeouts: number;
}

const backoffCeilingMs = ({ timing, attempt }: AttemptCounters): number =>
  Math.min(timing.backoffCapMs, timing.backoffBaseMs * 2 ** (Math.max(1, attempt) - 2));

const PAUSES: Readonly<Record<Pause, (counters: AttemptCounters, random: Random) => number>> = {
  // Full jitter: many shards that lost one host must not come back as one.
  backoff: (counters, random) => backoffCeilingMs(counters) * random(),
  // Discord asks for 1–5 s; a session that is refused again and again slows down beyond that, without ever
  // rolling a short wait.
  invalidSession: (counters, random) => {
    const [min, max] = counters.timing.invalidSessionWaitMs;
    return Math.max(min + (max - min) * random(), (backoffCeilingMs(counters) * (1 + random())) / 2);
  },
  rateLimited: (counters, random) =>
    counters.timing.backoffBaseMs * RATE_LIMITED_BACKOFFS + backoffCeilingMs(counters) * random(),
};

/** How long to wait before the next attempt. */
export const reconnectDelayMs = (pause: Pause, counters: AttemptCounters, random: Random): number =>
  PAUSES[pause](counters, random);

/** How long to wait for READY; each time in vain doubles it, because every IDENTIFY costs a session start. */
export const readyPatienceMs = ({ timing, readyTimeouts }: AttemptCounters): number =>
  Math.min(Math.max(READY_PATIENCE_CAP_MS, timing.readyPatienceMs), timing.readyPatienceMs * 2 ** readyTimeouts);
