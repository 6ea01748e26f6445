/**
 * The sessions a gateway has given, and what the client of each has been told of its end.
 * @see https://discord.com/developers/docs/events/gateway#resuming
 */

export interface SessionRecord {
  readonly id: string;
  /** v, encoding and compress of the connection it began on. */
  readonly query: string;
  readonly resumeHost: string | null;
  /** The highest sequence said; -1 before any. */
  lastSent: number;
  /** The highest sequence the client has confirmed by a heartbeat; -1 before any. */
  confirmed: number;
  /** Why it must not be resumed any more; `null` as long as the client can't know that it has ended. */
  endedBy: string | null;
  /** How often the client left after op 9 `false`, but may have done so of its own accord. */
  doubtfulEnds: number;
  /** Open connections it is on. */
  connections: number;
}

/** Beyond this the oldest without a connection are forgotten. */
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

  /** Ended without a word: the client can't know, so a RESUME of it is not wrong. */
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
