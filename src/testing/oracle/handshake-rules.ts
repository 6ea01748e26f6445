/** Judges IDENTIFY and RESUME: their fields, their host, the session start, and the session. */
import { isCount, isObject } from '../../protocol/validation.ts';
import type { OracleState } from './oracle-state.ts';
import { identifyFailure, resumeFailure, shardIdOf } from './fields.ts';
import type { OracleRule } from './oracle-rules.ts';
import type { GatewayAddress } from './gateway-address.ts';
import type { SessionRecord } from './session-records.ts';

export interface Handshake {
  readonly state: OracleState;
  readonly address: GatewayAddress;
  /** The highest sequence in a heartbeat before the handshake; -1 without one. */
  readonly confirmed: number;
  readonly now: number;
  readonly complain: (rule: OracleRule, what: string) => void;
}

const checkToken = ({ state, complain }: Handshake, token: unknown): void => {
  if (typeof token === 'string' && token !== '' && !state.isSameToken(token))
    complain('token-constant', 'the token differs from the one before');
};

/** @see https://discord.com/developers/docs/events/gateway#identifying */
export function checkIdentify(handshake: Handshake, d: unknown): void {
  const { state, address, confirmed, now, complain } = handshake;
  const { mainHost } = state.settings;
  if (mainHost !== null && address.host !== mainHost)
    complain('identify-host', `IDENTIFY was sent to ${address.host}, which is not the main host`);
  if (confirmed !== -1) complain('heartbeat-sequence', `a heartbeat had d ${confirmed} before there was a session`);
  const failure = identifyFailure(d, address.isCompressed);
  if (failure !== null) complain('identify-fields', `IDENTIFY has ${failure}`);
  if (!isObject(d)) return;
  checkToken(handshake, d['token']);
  state.startRules.consume(shardIdOf(d), now, complain);
}

/**
 * Judges a RESUME and returns its session; `null` when the session is unknown.
 * @see https://discord.com/developers/docs/events/gateway#resuming
 */
export function checkResume(handshake: Handshake, d: unknown): SessionRecord | null {
  const { state, complain } = handshake;
  const failure = resumeFailure(d);
  if (failure !== null) complain('resume-fields', `RESUME has ${failure}`);
  if (!isObject(d)) return null;
  checkToken(handshake, d['token']);
  const id = String(d['session_id']);
  const session = state.sessions.find(id) ?? null;
  if (session !== null) checkSession(handshake, session, d['seq']);
  else if (failure === null && !state.sessions.hasExpired(id))
    complain('resume-session', `RESUME names session ${id}, which the gateway never started`);
  return session;
}

function checkSession({ state, address, confirmed, complain }: Handshake, session: SessionRecord, seq: unknown): void {
  const { mainHost } = state.settings;
  const { id, lastSent, resumeHost, query, endedBy } = session;
  if (mainHost !== null && address.host !== mainHost && address.host !== resumeHost) {
    complain('resume-host', `RESUME of ${id} was sent to ${address.host}, neither its resume host nor the main host`);
  }
  if (address.query !== query)
    complain('session-query', `RESUME of ${id} has the query ${address.query}, but the session began with ${query}`);
  if (endedBy !== null) complain('resume-ended', `RESUME names session ${id}, which ended with ${endedBy}`);
  const isKnown = confirmed <= lastSent;
  if (!isKnown) complain('heartbeat-sequence', `a heartbeat had d ${confirmed}, a sequence that was not sent in ${id}`);
  if (!isCount(seq)) return;
  const minSequence = Math.max(session.confirmed, isKnown ? confirmed : -1);
  if (seq > lastSent)
    complain('resume-sequence', `RESUME of ${id} has seq ${seq}, but the last sequence sent was ${lastSent}`);
  if (seq < minSequence)
    complain('resume-repeat', `RESUME of ${id} has seq ${seq}, but a heartbeat had confirmed ${minSequence}`);
}
