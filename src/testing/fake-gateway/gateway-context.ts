/** What all connections of one gateway share. */
import type { Clock } from '../../clock.ts';
import { Oracle } from '../oracle/oracle.ts';
import { Guilds } from './guilds.ts';
import { Ids } from './ids.ts';
import { Latch } from './latch.ts';
import { Members } from './members.ts';
import type { Settings } from './options.ts';
import { SessionStarts } from './session-starts.ts';
import { Sessions } from './sessions.ts';
import { Stats } from './stats.ts';

/** The latches of the gateway's hold methods. They apply to present and future connections. */
export interface Latches {
  readonly hello: Latch;
  readonly ready: Latch;
  readonly resumed: Latch;
  readonly members: Latch;
}

export interface GatewayContext {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly stats: Stats;
  readonly sessions: Sessions;
  readonly starts: SessionStarts;
  readonly guilds: Guilds;
  readonly members: Members;
  readonly latches: Latches;
  /** `null` unless the gateway is strict. */
  readonly oracle: Oracle | null;
  readonly resumeUrl: string;
  /** Returns what READY says to a shard. */
  readonly resumeUrlOf: (shardId: number) => string;
  readonly userId: string;
  readonly applicationId: string;
  /** Call it after every change that a test may wait for. */
  readonly notifyChange: () => void;
}

export function createGatewayContext(
  settings: Settings,
  ports: { readonly main: number; readonly resume: number },
  notifyChange: () => void,
): GatewayContext {
  const ids = new Ids(settings.seed);
  const stats = new Stats();
  const identity = { userId: ids.snowflake('user'), applicationId: ids.snowflake('application') };
  const members = new Members(settings, ids, identity);
  const resumeUrl = `ws://127.0.0.1:${ports.resume}`;
  return {
    settings,
    clock: settings.clock,
    ids,
    stats,
    sessions: new Sessions(settings, ids, stats),
    starts: new SessionStarts(settings),
    guilds: new Guilds(settings, ids, members),
    members,
    latches: { hello: new Latch(), ready: new Latch(), resumed: new Latch(), members: new Latch() },
    oracle: settings.strict ? createOracle(settings, ports.main) : null,
    resumeUrl,
    resumeUrlOf: () => resumeUrl,
    ...identity,
    notifyChange,
  };
}

/** Gateway and client may share a busy process. The oracle must not blame the client for that. */
const MIN_LATE_MS = 2_000;
const ROUND_TRIP_MS = 5_000;

function createOracle(settings: Settings, port: number): Oracle {
  const { clock, heartbeatIntervalMs, identifyIntervalMs, identifyToleranceMs, sessionStartLimit } = settings;
  return new Oracle({
    clock,
    mainUrl: `ws://127.0.0.1:${port}`,
    identifyIntervalMs,
    identifyToleranceMs,
    maxConcurrency: sessionStartLimit.maxConcurrency,
    remainingStarts: sessionStartLimit.remaining,
    totalStarts: sessionStartLimit.total,
    resetAfterMs: sessionStartLimit.resetAfterMs,
    lateMs: Math.max(MIN_LATE_MS, heartbeatIntervalMs / 2),
    roundTripMs: ROUND_TRIP_MS,
  });
}
