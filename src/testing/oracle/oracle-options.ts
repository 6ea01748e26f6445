/** What an oracle can be told, and what it assumes otherwise. */
import type { Clock } from '../../clock.ts';

/** Options of {@link Oracle}; times are milliseconds of the clock. */
export interface OracleOptions {
  /** Only `now()` is used: the oracle sets no timer. */
  clock: Pick<Clock, 'now'>;
  /**
   * The main WebSocket URL.
   * @defaultValue hosts are not judged
   */
  mainUrl?: string;
  /**
   * How often one rate-limit key may identify.
   * @defaultValue 5000
   * @see https://discord.com/developers/docs/events/gateway#rate-limiting
   */
  identifyIntervalMs?: number;
  /**
   * How many rate-limit keys there are.
   * @defaultValue 1
   */
  maxConcurrency?: number;
  /**
   * Session starts left until the budget is full again.
   * @defaultValue Infinity
   */
  remainingStarts?: number;
  /**
   * Session starts in 24 h, from the first time the budget is full again.
   * @defaultValue remainingStarts
   */
  totalStarts?: number;
  /**
   * Until the budget is full again for the first time.
   * @defaultValue 86_400_000
   */
  resetAfterMs?: number;
  /**
   * What the way may add to one frame and not to the next.
   * @defaultValue 250
   */
  toleranceMs?: number;
  /**
   * How much earlier an IDENTIFY may arrive.
   * @defaultValue toleranceMs
   */
  identifyToleranceMs?: number;
  /**
   * How much a client may be behind its own time, as on a busy machine.
   * @defaultValue toleranceMs
   */
  lateMs?: number;
  /**
   * How many heartbeats a client may add of its own accord between two of the schedule. One that beats too fast can't be
   * told from one that adds heartbeats.
   * @defaultValue 0
   */
  extraHeartbeats?: number;
  /**
   * The longest a frame to the client and the answer to it may take together.
   * @defaultValue 1000
   */
  roundTripMs?: number;
}

/** The options with every default filled in. */
export type OracleSettings = Required<Omit<OracleOptions, 'mainUrl'>> & { readonly mainHost: string | null };

const DAY_MS = 86_400_000;

export function oracleSettings({ mainUrl, ...given }: OracleOptions): OracleSettings {
  const { toleranceMs = 250, remainingStarts = Infinity } = given;
  return {
    clock: given.clock,
    mainHost: mainUrl === undefined ? null : new URL(mainUrl).host,
    identifyIntervalMs: given.identifyIntervalMs ?? 5000,
    maxConcurrency: given.maxConcurrency ?? 1,
    remainingStarts,
    totalStarts: given.totalStarts ?? remainingStarts,
    resetAfterMs: given.resetAfterMs ?? DAY_MS,
    toleranceMs,
    identifyToleranceMs: given.identifyToleranceMs ?? toleranceMs,
    lateMs: given.lateMs ?? toleranceMs,
    extraHeartbeats: given.extraHeartbeats ?? 0,
    roundTripMs: given.roundTripMs ?? 1000,
  };
}
