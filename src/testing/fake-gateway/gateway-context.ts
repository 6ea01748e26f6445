/** What all connections of one gateway share. */
import type { Clock } from '../../clock.ts';
import type { Guilds } from './guilds.ts';
import type { Latch } from './latch.ts';
import type { Ids } from './ids.ts';
import type { Members } from './members.ts';
import type { Oracle } from '../oracle/oracle.ts';
import type { Settings } from './options.ts';
import type { SessionStarts } from './session-starts.ts';
import type { Sessions } from './sessions.ts';
import type { Stats } from './stats.ts';

/** The gateway-level holds, for every connection there is and will be. */
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
  /** Only in a strict gateway. */
  readonly oracle: Oracle | null;
  readonly resumeUrl: string;
  readonly userId: string;
  readonly applicationId: string;
  /** Something a test may wait for has happened. */
  readonly notifyChange: () => void;
}
