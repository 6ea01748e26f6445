/** The oracle: a second model of what a client of the gateway owes, independent of any client. */
import { OracleState } from './oracle-state.ts';
import type { Complaint } from './complaint.ts';
import { OracleConnection } from './oracle-connection.ts';
import type { OracleOptions } from './oracle-options.ts';
import { addressOf, hostOf } from './gateway-address.ts';

/**
 * Judges the clients of a gateway, frame by frame, by the table `ORACLE_RULES`. It is told what is said and heard; it
 * says nothing itself and sets no timer, so what is missing is noticed with the next frame, or when the socket ends.
 * @example
 * ```ts
 * const oracle = new Oracle({ clock, mainUrl: 'wss://gateway.test' });
 * const connection = oracle.connect('wss://gateway.test/?v=10&encoding=json');
 * connection.sent({ op: 10, d: { heartbeat_interval: 41_250 } });
 * connection.received('{"op":3,"d":{}}');
 * oracle.complaints; // [{ rule: 'handshake-first', … }]
 * ```
 */
export class Oracle {
  readonly #state: OracleState;
  #connections = 0;

  constructor(options: OracleOptions) {
    this.#state = new OracleState(options);
  }

  /** In the order they were noticed; no more than the first 1000. */
  get complaints(): readonly Complaint[] {
    return this.#state.complaints;
  }

  /** Closes by clients with 1000 or 1001 that no op 9 `false` explains: each has thrown a session away, which only the user may want. */
  get discards(): number {
    return this.#state.discards;
  }

  /** A client's socket is open; the URL is the one the client asked for, query included. */
  connect(url: string): OracleConnection {
    const index = this.#connections;
    this.#connections += 1;
    return new OracleConnection(this.#state, index, url);
  }

  /** A session is open that was given before this oracle looked; `url` is that of its first connection. */
  addSession(
    sessionId: string,
    { url, resumeUrl, sequence }: { url: string; resumeUrl?: string; sequence: number },
  ): void {
    const session = this.#state.sessions.add(sessionId, addressOf(url).query, hostOf(resumeUrl));
    session.lastSent = sequence;
  }

  /** The gateway has ended a session without a word to its client. */
  endSession(sessionId: string): void {
    this.#state.sessions.expire(sessionId);
  }
}
