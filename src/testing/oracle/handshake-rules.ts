/** Judges IDENTIFY and RESUME: their fields, the host they come to, and the account of starts and sessions. */
import type { OracleState } from './oracle-state.ts';
import { identifyFailure, resumeFailure, shardIdOf } from './fields.ts';
import { isFields, isSequence } from './opcodes.ts';
import type { OracleRule } from './oracle-rules.ts';
import type { GatewayAddress } from './gateway-address.ts';
import type { SessionRecord } from './session-records.ts';

export interface Handshake {
  readonly state: OracleState;
  readonly address: GatewayAddress;
  /** The highest sequence heartbeats before it have named; -1 if none. */
  readonly confirmed: number;
  readonly now: number;
  readonly complain: (rule: OracleRule, what: string) => void;
}

const checkToken = ({ state, complain }: Handshake, token: unknown): void => {
  if (typeof token === 'string' && token !== '' && !state.isSameToken(token))
    complain('token-constant', 'another token than before');
};

/** @see https://discord.com/developers/docs/events/gateway#identifying */
export function checkIdentify(handshake: Handshake, d: unknown): void {
  const { state, address, confirmed, now, complain } = handshake;
  const { mainHost } = state.settings;
  if (mainHost !== null && address.host !== mainHost)
    complain('identify-host', `IDENTIFY at ${address.host}, which is not the main host`);
  if (confirmed !== -1) complain('heartbeat-sequence', `a heartbeat with d ${confirmed} before there was a session`);
  const failure = identifyFailure(d, address.isCompressed);
  if (failure !== null) complain('identify-fields', `IDENTIFY with ${failure}`);
  if (!isFields(d)) return;
  checkToken(handshake, d['token']);
  state.startRules.consume(shardIdOf(d), now, complain);
}

/** The session it names; `null` for one nobody knows. @see https://discord.com/developers/docs/events/gateway#resuming */
export function checkResume(handshake: Handshake, d: unknown): SessionRecord | null {
  const { state, complain } = handshake;
  const failure = resumeFailure(d);
  if (failure !== null) complain('resume-fields', `RESUME with ${failure}`);
  if (!isFields(d)) return null;
  checkToken(handshake, d['token']);
  const id = String(d['session_id']);
  const session = state.sessions.find(id) ?? null;
  if (session !== null) checkSession(handshake, session, d['seq']);
  else if (failure === null && !state.sessions.hasExpired(id))
    complain('resume-session', `RESUME of ${id}, a session that was never given`);
  return session;
}

function checkSession({ state, address, confirmed, complain }: Handshake, session: SessionRecord, seq: unknown): void {
  const { mainHost } = state.settings;
  const { id, lastSent, resumeHost, query, endedBy } = session;
  if (mainHost !== null && address.host !== mainHost && address.host !== resumeHost) {
    complain('resume-host', `RESUME at ${address.host}, neither the resume host of ${id} nor the main host`);
  }
  if (address.query !== query)
    complain('session-query', `RESUME of ${id} with ${address.query}, which began with ${query}`);
  if (endedBy !== null) complain('resume-ended', `RESUME of ${id}, which ended with ${endedBy}`);
  const isKnown = confirmed <= lastSent;
  if (!isKnown) complain('heartbeat-sequence', `a heartbeat with d ${confirmed}, which was never said in ${id}`);
  if (!isSequence(seq)) return;
  const minSequence = Math.max(session.confirmed, isKnown ? confirmed : -1);
  if (seq > lastSent) complain('resume-sequence', `RESUME of ${id} with seq ${seq}, where ${lastSent} was the last`);
  if (seq < minSequence)
    complain('resume-sequence', `RESUME of ${id} with seq ${seq}, where a heartbeat had confirmed ${minSequence}`);
}
