/** What a shard needs to keep its session for the next process, and its guilds with the option `warmStart`. */
import { StartGuard } from '../identify/start-guard.ts';
import { GatewayError } from '../protocol/errors.ts';
import { ClaimedSessionStore } from '../session/claimed-session-store.ts';
import type { CurrentSession } from '../session/current-session.ts';
import { SessionLedger } from '../session/session-ledger.ts';
import type { SessionSource } from '../session/session-ledger.ts';
import type { SessionOrigin } from '../session/session-origin.ts';
import { GuildKeeper } from '../session/snapshot/guild-keeper.ts';
import { SnapshotLog } from '../session/snapshot/snapshot-log.ts';
import { RECORD_CHANGE, isRecorder } from '../session/snapshot/snapshot-store.ts';
import { SupersededSessions } from '../session/superseded-sessions.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { ResolvedOptions } from './shard-options.ts';
import { WarmStart } from './warm-start.ts';

/** The shard as these parts see it. `ShardRuntime` implements it. */
interface SessionPartsOwner extends SessionSource {
  readonly options: ResolvedOptions;
  readonly session: CurrentSession;
  readonly origin: SessionOrigin;
  readonly dispatcher: Dispatcher;
  readonly fault: (error: GatewayError) => void;
}

export interface SessionParts {
  readonly sessionStore: ClaimedSessionStore;
  readonly sessionLedger: SessionLedger;
  readonly startGuard: StartGuard;
  /** `null` without `warmStart`. */
  readonly guildKeeper: GuildKeeper | null;
  /** `null` without `warmStart`. */
  readonly warmStart: WarmStart | null;
}

export function createSessionParts(owner: SessionPartsOwner): SessionParts {
  const { shardId, clock, timing, session, sessionStore: store, startGuard: policy } = owner.options;
  const isWarm = owner.options.warmStart;
  const { fault: report } = owner;
  const sessionStore = new ClaimedSessionStore(store, { clock, timeoutMs: timing.connectTimeoutMs, report });
  // A store that stands before another keeps the snapshot there, where dispatches count as delivered.
  const recorder = isWarm && isRecorder(store) ? store : null;
  const snapshots =
    isWarm && recorder === null
      ? new SnapshotLog({ shardId, store: sessionStore, report, mayWrite: () => true })
      : null;
  const sessionLedger = new SessionLedger({
    clock,
    store: sessionStore,
    report,
    source: owner,
    snapshots,
    superseded: isRecorder(store) ? null : supersededSessions(owner, sessionStore),
  });
  const startGuard = new StartGuard({ clock, store: sessionStore, policy, report });
  if (!isWarm) return { sessionStore, sessionLedger, startGuard, guildKeeper: null, warmStart: null };
  const guildKeeper = new GuildKeeper({
    record: (frame) => (recorder === null ? snapshots?.record(frame) : recorder[RECORD_CHANGE](shardId, frame)),
    onError: (cause) => {
      const message = 'the guilds are no longer kept for the next process: a dispatch could not be kept';
      report(new GatewayError('SNAPSHOT_FAILED', message, { cause }));
    },
  });
  if (session !== null) guildKeeper.start(session.sessionId, session.user?.id ?? null);
  return {
    sessionStore,
    sessionLedger,
    startGuard,
    guildKeeper,
    warmStart: new WarmStart({ owner, guildKeeper, sessionLedger, sessionStore }),
  };
}

const none = (): null => null;

/** Several shards without a manager share the work: each clears those that its own id stands for. */
const supersededSessions = (
  { options, origin }: SessionPartsOwner,
  sessionStore: ClaimedSessionStore,
): SupersededSessions =>
  new SupersededSessions({
    store: sessionStore,
    clearSnapshot: options.warmStart ? (shardId) => sessionStore.clearSnapshot(shardId) : null,
    origin,
    own: none,
    isCleared: (shardId, shardCount) => shardId % shardCount === options.shardId,
  });
