/**
 * A session store on the hooks of `@discordjs/ws`. The `Client` of discord.js keeps sessions in memory with them; other
 * owners may keep them in a database.
 */
import { parseSession } from '../session/session.ts';
import type { Session } from '../session/session.ts';
import type { SessionStore } from '../session/session-store.ts';
import type { SessionHooks, SessionInfo } from './ws-manager.ts';

/** The fields that only shardwright knows stay, so that hooks which keep the whole object keep these too. */
export const sessionInfoOf = ({ resumeUrl, ...session }: Session): SessionInfo => ({
  ...session,
  resumeURL: resumeUrl,
});

export class SessionHookStore implements SessionStore {
  readonly #hooks: SessionHooks;

  constructor(hooks: SessionHooks) {
    this.#hooks = hooks;
  }

  /** Rejects with `INVALID_SESSION` if the hook returns something else than a session. */
  async load(shardId: number): Promise<Session | null> {
    const sessionInfo = (await this.#hooks.retrieveSessionInfo(shardId)) ?? null;
    return sessionInfo === null ? null : parseSession({ ...sessionInfo, resumeUrl: sessionInfo.resumeURL });
  }

  async save(session: Session): Promise<void> {
    await this.#hooks.updateSessionInfo(session.shardId, sessionInfoOf(session));
  }

  async clear(shardId: number): Promise<void> {
    await this.#hooks.updateSessionInfo(shardId, null);
  }
}
