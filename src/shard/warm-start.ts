/**
 * Delivers what an earlier process knew of the guilds, before its session is resumed: READY, then a GUILD_CREATE for each
 * guild. The process then knows what it would know if it had been there.
 */
import { LazyDispatch } from '../decoding/lazy-dispatch.ts';
import type { DispatchObserver } from '../decoding/lazy-dispatch.ts';
import type { GatewayError } from '../protocol/errors.ts';
import { botOf, guildIdsOf } from '../protocol/lifecycle-packets.ts';
import type { ClaimedSessionStore } from '../session/claimed-session-store.ts';
import type { CurrentSession } from '../session/current-session.ts';
import { parseSession } from '../session/session.ts';
import type { Session } from '../session/session.ts';
import type { SessionLedger } from '../session/session-ledger.ts';
import type { GuildKeeper } from '../session/snapshot/guild-keeper.ts';
import { packetOf } from '../session/snapshot/snapshot-index.ts';
import type { SnapshotDispatch } from '../session/snapshot/snapshot-index.ts';
import { readSnapshot } from '../session/snapshot/stored-snapshot.ts';
import type { StoredSnapshot } from '../session/snapshot/stored-snapshot.ts';
import type { Dispatcher } from './dispatcher.ts';

interface WarmStartOptions {
  readonly owner: {
    readonly session: CurrentSession;
    readonly dispatcher: Dispatcher;
    fault(error: GatewayError): void;
  };
  readonly guildKeeper: GuildKeeper;
  readonly sessionLedger: SessionLedger;
  readonly sessionStore: ClaimedSessionStore;
}

export class WarmStart implements DispatchObserver {
  readonly #options: WarmStartOptions;

  constructor(options: WarmStartOptions) {
    this.#options = options;
  }

  /** Resolves when all is delivered, or the signal has aborted. Rejects if the snapshot is not good for the session. */
  async deliver(signal: AbortSignal): Promise<void> {
    const { owner, guildKeeper, sessionLedger } = this.#options;
    const session = parseSession(sessionLedger.stored);
    const { index } = await this.#load(session, signal);
    if (signal.aborted) return;
    guildKeeper.start(session.sessionId, session.user?.id ?? null);
    for await (const restored of index.dispatches()) {
      if (signal.aborted) return;
      if (restored.t === 'READY') this.#recordBot(session.sessionId, restored);
      const packet = packetOf(restored, session.sequence);
      const dispatch = LazyDispatch.restored(restored.t, session.sequence, packet, this);
      owner.dispatcher.deliver(dispatch, session.sessionId, 0);
      dispatch.releaseBuffer();
    }
  }

  onDataRead(): void {
    // Says nothing about what comes from Discord.
  }

  /** The listener that reads it gets the error too. */
  onCorruptData(error: GatewayError): void {
    this.#options.owner.fault(error);
  }

  async #load(session: Session, signal: AbortSignal): Promise<StoredSnapshot> {
    const { sessionLedger, sessionStore } = this.#options;
    if (sessionLedger.snapshots !== null) return sessionLedger.snapshots.load(session, signal);
    return readSnapshot(await sessionStore.loadSnapshot(session.shardId, signal), session);
  }

  #recordBot(sessionId: string, { data }: SnapshotDispatch): void {
    const ready: unknown = JSON.parse(data.toString());
    const bot = botOf(ready);
    this.#options.owner.session.recordBot(bot);
    this.#options.owner.session.recordGuilds(guildIdsOf(ready));
    this.#options.guildKeeper.start(sessionId, bot.user?.id ?? null);
  }
}
