/**
 * The sessions that a gateway has started, and whether the client of each knows that it has ended.
 * @see https://discord.com/developers/docs/events/gateway#resuming
 */

export interface SessionRecord {
  readonly id: string;
  /** `v`, `encoding` and `compress` of the connection on which the session began. */
  readonly query: string;
  readonly resumeHost: string | null;
  /** The highest sequence sent; -1 before the first. */
  lastSent: number;
  /** The highest sequence in a heartbeat of the client; -1 before the first. */
  confirmed: number;
  /** Why the session must not be resumed; `null` as long as the client can't know that it has ended. */
  endedBy: string | null;
  /** How often the client left after op 9 `false`, perhaps before it had read it. */
  doubtfulEnds: number;
  /** How many open connections the session is on. */
  connections: number;
}

/** Beyond this number the oldest sessions without a connection are dropped. */
const MAX_SESSIONS = 4096;
const MAX_EXPIRED = 256;
const MAX_EVICTION_TRIES = 8;

export class SessionRecords {
  readonly #byId = new Map<string, SessionRecord>();
  readonly #expired = new Set<string>();

  add(id: string, query: string, resumeHost: string | null): SessionRecord {
    const session: SessionRecord = {
      id,
      query,
      resumeHost,
      lastSent: -1,
      confirmed: -1,
      endedBy: null,
      doubtfulEnds: 0,
      connections: 0,
    };
    this.#byId.set(id, session);
    this.#evictOldest();
    return session;
  }

  find(id: string): SessionRecord | undefined {
    return this.#byId.get(id);
  }

  /** Ends a session of which the client is not informed, so that a RESUME of it is not a breach. */
  expire(id: string): void {
    if (!this.#byId.delete(id)) return;
    this.#expired.add(id);
    if (this.#expired.size <= MAX_EXPIRED) return;
    for (const oldest of this.#expired) {
      this.#expired.delete(oldest);
      return;
    }
  }

  hasExpired(id: string): boolean {
    return this.#expired.has(id);
  }

  #evictOldest(): void {
    for (let tries = 0; tries < MAX_EVICTION_TRIES && this.#byId.size > MAX_SESSIONS; tries += 1) {
      for (const [id, session] of this.#byId) {
        this.#byId.delete(id);
        if (session.connections > 0) this.#byId.set(id, session);
        break;
      }
    }
  }
}
