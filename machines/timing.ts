/**
 * How long a shard waits, and why. Random numbers are passed in, so that the machine itself stays deterministic.
 */

/** The times a shard waits, in milliseconds, and its limits. All are options. */
export interface ShardTiming {
  /**
   * How long a socket may take to open. Also the time limit for the session store and for `GET /gateway/bot`. Raise it
   * if your network or your store is slow.
   * @defaultValue 10000 ms
   */
  readonly connectTimeoutMs: number;
  /**
   * How long the shard waits for another process that runs it with the same session store. Then `connect()` rejects with
   * `SESSION_IN_USE`. Raise it if your deploys start the new process long before they stop the old one; `0` does not
   * wait. It has an effect only if the store has `claim()`, as `FileSessionStore` does.
   * @defaultValue 30000 ms
   */
  readonly claimTimeoutMs: number;
  /**
   * How long the gateway may take to send HELLO once the socket is open.
   * @defaultValue 15000 ms
   */
  readonly helloTimeoutMs: number;
  /**
   * How long the gateway may take to answer RESUME with RESUMED. Raise it if a replay takes longer, for a bot with very
   * many events. If nothing at all comes, the shard resumes once more, waits half as long, and then identifies.
   * @defaultValue 30000 ms
   */
  readonly resumedTimeoutMs: number;
  /**
   * How long the gateway may take to answer IDENTIFY while it acknowledges heartbeats. Doubles with each READY that
   * does not come, up to 6 h.
   * @defaultValue 300000 ms
   */
  readonly readyPatienceMs: number;
  /**
   * How long a close handshake may take before the socket is terminated. Lower it if your process has to exit fast.
   * @defaultValue 5000 ms
   */
  readonly closeTimeoutMs: number;
  /**
   * How long a shard must be ready before its backoff starts from the beginning again. Connections that were refused
   * in an outage are forgotten as soon as the gateway sends HELLO.
   * @defaultValue 30000 ms
   */
  readonly stableAfterMs: number;
  /**
   * Sets the backoff: after n lost connections it is a random part of `backoffBaseMs × 2ⁿ⁻²`.
   * @defaultValue 500 ms
   */
  readonly backoffBaseMs: number;
  /**
   * The max of one backoff. Lower it to return sooner after a long outage.
   * @defaultValue 60000 ms
   */
  readonly backoffCapMs: number;
  /**
   * The min and max wait after Invalid Session.
   * @defaultValue `[1000, 5000]` ms
   * @see https://discord.com/developers/docs/events/gateway#resuming
   */
  readonly invalidSessionWaitMs: readonly [min: number, max: number];
  /**
   * How many resumes may fail in a row before the shard starts a new session. A resume also fails if a message that can't
   * be read ends its connection within `stableAfterMs`.
   * @defaultValue 4 attempts
   */
  readonly maxResumeAttempts: number;
  /**
   * How long a ready shard may receive no dispatch before it asks the gateway for one: the bot as a member of one of its
   * guilds. Listeners see the answer, a GUILD_MEMBERS_CHUNK. If no dispatch comes within 10 s, the shard resumes on a new
   * connection, as it does without asking if READY listed no guilds. While a slow consumer pauses the socket, the time does
   * not count; `null` means no limit. Set it to notice a gateway that stops sending.
   * @defaultValue `null`
   */
  readonly maxDispatchSilenceMs: number | null;
  /**
   * How long the listeners of one event may block the event loop before the fault `SLOW_LISTENER` names the event, once
   * a minute at most; `null` means no limit. Heartbeats wait for a listener that blocks. Lower it to find the listeners
   * that delay other events.
   * @defaultValue 250 ms
   */
  readonly slowListenerMs: number | null;
  /**
   * How long a call of a handler with `concurrency` may run before the fault `SLOW_LISTENER` names its event, once a
   * minute at most; `null` means no limit. Raise it if your handlers are meant to take longer.
   * @defaultValue 30000 ms
   */
  readonly slowHandlerMs: number | null;
}

export const DEFAULT_TIMING: ShardTiming = {
  connectTimeoutMs: 10_000,
  claimTimeoutMs: 30_000,
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
  slowListenerMs: 250,
  slowHandlerMs: 30_000,
};

/** After so many resumes in a row to which the gateway sent nothing, the shard starts a new session. */
export const MAX_UNANSWERED_RESUMES = 2;

/** The valid heartbeat intervals. HELLO with any other interval is a fault. */
export const HEARTBEAT_INTERVAL_MS = { min: 50, max: 86_400_000 } as const;

/** How often a shard asks whether the other process has stopped. It is the downtime of a deploy, at most. */
export const CLAIM_RETRY_MS = 250;

/** How long the shard reads buffered data before it declares a zombie. A longer time would delay the verdict. */
export const FLUSH_READS_TIMEOUT_MS = 1_000;

/** How long a terminated socket may take to report its end. It takes one turn; the limit is for a broken transport. */
export const ZOMBIE_TIMEOUT_MS = 250;

/** How long a shard that may connect again waits for the close code of its last socket, if that takes longer. */
export const CLOSE_PATIENCE_MS = 1_000;
/** How many times `connectTimeoutMs` it may take to restore the guilds: they are many, and listeners take their time. */
export const WARM_UP_CONNECT_TIMEOUTS = 6;

/** After an hour the shard asks again, even if the server asked to wait longer. */
export const MAX_RETRY_AFTER_MS = 3_600_000;

/** The max wait for READY in an outage. Doubling without it would outgrow the timers of Node. */
const READY_PATIENCE_CAP_MS = 6 * 3_600_000;

/** Close code 4008 means the window of 60 s was full, so wait much longer than an ordinary first backoff. */
const RATE_LIMITED_BACKOFFS = 10;

/** Which wait comes before the next attempt. With `room` it ends when the shard is told so, however long that takes. */
export type Pause = 'backoff' | 'invalidSession' | 'rateLimited' | 'room';

/** A number in [0, 1). */
export type Random = () => number;

/**
 * The ways to lose a connection that the next wait tells apart. Each is counted on its own account, so that an outage
 * does not slow down what follows it.
 *
 * `unreachable`: before HELLO, in a row. `unanswered`: after HELLO, but before READY or RESUMED, in a row.
 * `refused`: by Invalid Session. `shortLived`: after READY or RESUMED. The last two count since the last stable
 * connection.
 */
export type LossKind = 'unreachable' | 'unanswered' | 'refused' | 'shortLived';

/** How many connections were lost in each way, the last one included. */
export type LossCounts = Readonly<Record<LossKind, number>>;

export const NO_LOSSES: LossCounts = { unreachable: 0, unanswered: 0, refused: 0, shortLived: 0 };

/** What the waits depend on. */
export interface AttemptCounters {
  readonly timing: ShardTiming;
  readonly lossCounts: LossCounts;
  /** How often in a row READY did not come in time. */
  readonly readyTimeouts: number;
}

/** Returns how long to wait for RESUMED. All resumes that are not answered take less than 60 s with the defaults. */
export const resumedTimeoutMs = ({ resumedTimeoutMs: ms }: ShardTiming, unansweredResumes: number): number =>
  unansweredResumes === 0 ? ms : ms / 2;

/** The losses that make each wait longer. */
const COUNTED_LOSSES: Readonly<Record<Pause, readonly LossKind[]>> = {
  backoff: ['unreachable', 'unanswered', 'shortLived'],
  rateLimited: ['unreachable', 'unanswered', 'shortLived'],
  room: ['unreachable', 'unanswered', 'shortLived'],
  // The hosts of a gateway that sends Invalid Session are reachable, and it answers.
  invalidSession: ['refused'],
};

const backoffCeilingMs = (pause: Pause, { timing, lossCounts }: AttemptCounters): number => {
  const losses = COUNTED_LOSSES[pause].reduce((sum, kind) => sum + lossCounts[kind], 0);
  return Math.min(timing.backoffCapMs, timing.backoffBaseMs * 2 ** (Math.max(1, losses) - 2));
};

const PAUSES: Readonly<Record<Pause, (counters: AttemptCounters, random: Random) => number>> = {
  // Full jitter, so that many shards that lost the same host don't come back at once.
  backoff: (counters, random) => backoffCeilingMs('backoff', counters) * random(),
  room: (counters, random) => backoffCeilingMs('room', counters) * random(),
  // Discord asks for a wait of 1 to 5 s. A session that is refused repeatedly slows down beyond that, and never draws
  // a short wait.
  invalidSession: (counters, random) => {
    const [min, max] = counters.timing.invalidSessionWaitMs;
    return Math.max(min + (max - min) * random(), (backoffCeilingMs('invalidSession', counters) * (1 + random())) / 2);
  },
  rateLimited: (counters, random) =>
    counters.timing.backoffBaseMs * RATE_LIMITED_BACKOFFS + backoffCeilingMs('rateLimited', counters) * random(),
};

/** Returns how long to wait before the next attempt, in milliseconds. */
export const reconnectDelayMs = (pause: Pause, counters: AttemptCounters, random: Random): number =>
  PAUSES[pause](counters, random);

/** Returns how long to wait for READY, in ms. Doubles each time, because each IDENTIFY uses a session start. */
export const readyPatienceMs = ({ timing, readyTimeouts }: AttemptCounters): number =>
  Math.min(Math.max(READY_PATIENCE_CAP_MS, timing.readyPatienceMs), timing.readyPatienceMs * 2 ** readyTimeouts);
