/** The options of an oracle, with their defaults. */
import type { Clock } from '../../clock.ts';

/** Options of {@link Oracle}. All times are milliseconds of the clock. */
export interface OracleOptions {
  /** The clock. The oracle only reads `now()`; it sets no timer. */
  clock: Pick<Clock, 'now'>;
  /**
   * The main WebSocket URL of the gateway. IDENTIFY must be sent to its host.
   * @defaultValue hosts are not judged
   */
  mainUrl?: string;
  /**
   * Min time between two IDENTIFYs of one `max_concurrency` key.
   * @defaultValue 5000
   * @see https://discord.com/developers/docs/events/gateway#rate-limiting
   */
  identifyIntervalMs?: number;
  /**
   * `max_concurrency`: the number of keys that may IDENTIFY independently.
   * @defaultValue 1
   */
  maxConcurrency?: number;
  /**
   * Session starts left until the budget is full again for the first time.
   * @defaultValue Infinity
   */
  remainingStarts?: number;
  /**
   * Session starts in 24 h, once the budget is full again.
   * @defaultValue `remainingStarts`
   */
  totalStarts?: number;
  /**
   * Milliseconds until the budget is full again for the first time.
   * @defaultValue 86_400_000 (24 h)
   */
  resetAfterMs?: number;
  /**
   * How many milliseconds longer one frame may travel than the next.
   * @defaultValue 250
   */
  toleranceMs?: number;
  /**
   * How many milliseconds before its time an IDENTIFY may arrive.
   * @defaultValue `toleranceMs`
   */
  identifyToleranceMs?: number;
  /**
   * How many milliseconds late a client may act, for example on a busy machine.
   * @defaultValue `toleranceMs`
   */
  lateMs?: number;
  /**
   * How many extra heartbeats a client may send between two scheduled ones. The oracle can't distinguish a client that
   * adds heartbeats on purpose from one whose interval is too short.
   * @defaultValue 0
   */
  extraHeartbeats?: number;
  /**
   * Max time that a frame to the client and the answer to it may take together.
   * @defaultValue 1000
   */
  roundTripMs?: number;
}

/** The options with every default filled in. */
export type OracleSettings = Required<Omit<OracleOptions, 'mainUrl'>> & { readonly mainHost: string | null };

const DAY_MS = 86_400_000;

export function oracleSettings({ mainUrl, ...others }: OracleOptions): OracleSettings {
  const { toleranceMs = 250, remainingStarts = Infinity } = others;
  return {
    clock: others.clock,
    mainHost: mainUrl === undefined ? null : new URL(mainUrl).host,
    identifyIntervalMs: others.identifyIntervalMs ?? 5000,
    maxConcurrency: others.maxConcurrency ?? 1,
    remainingStarts,
    totalStarts: others.totalStarts ?? remainingStarts,
    resetAfterMs: others.resetAfterMs ?? DAY_MS,
    toleranceMs,
    identifyToleranceMs: others.identifyToleranceMs ?? toleranceMs,
    lateMs: others.lateMs ?? toleranceMs,
    extraHeartbeats: others.extraHeartbeats ?? 0,
    roundTripMs: others.roundTripMs ?? 1000,
  };
}
