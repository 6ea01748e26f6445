/** The oracle: a second model of the protocol, which judges a client and shares no rule with it. */
import { OracleState } from './oracle-state.ts';
import type { Complaint } from './complaint.ts';
import { OracleConnection } from './oracle-connection.ts';
import type { OracleOptions } from './oracle-options.ts';
import { addressOf, hostOf } from './gateway-address.ts';

/**
 * Judges the clients of a gateway, frame by frame, by the table {@link ORACLE_RULES}. You report what the gateway sends
 * and receives; the oracle collects complaints. It sets no timer: it notices that something is missing at the next
 * frame, or when the connection ends.
 *
 * A {@link FakeGateway} with the option `strict` has an oracle of its own. Create one for a server or simulation of
 * yours.
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

  /** The complaints, in the order the oracle noticed them; max the first 1000. */
  get complaints(): readonly Complaint[] {
    return this.#state.complaints;
  }

  /**
   * How often a client closed with 1000 or 1001 without an op 9 `false` before. Each such close ends a session, which
   * can be the user's wish; so it is counted, not judged.
   */
  get discards(): number {
    return this.#state.discards;
  }

  /** Begins to judge a connection. Call it when a client's socket opens, with the URL of the client, query included. */
  connect(url: string): OracleConnection {
    const index = this.#connections;
    this.#connections += 1;
    return new OracleConnection(this.#state, index, url);
  }

  /** Adds a session that began before this oracle existed. `url` is the URL of its first connection. */
  addSession(
    sessionId: string,
    { url, resumeUrl, sequence }: { url: string; resumeUrl?: string; sequence: number },
  ): void {
    const session = this.#state.sessions.add(sessionId, addressOf(url).query, hostOf(resumeUrl));
    session.lastSent = sequence;
  }

  /** Reports that the gateway ended a session without informing its client, for example because it expired. */
  endSession(sessionId: string): void {
    this.#state.sessions.expire(sessionId);
  }
}
