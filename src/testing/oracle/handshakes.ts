/** Judges IDENTIFY and RESUME: their fields, the host they come to, and the account of starts and sessions. */
import type { Account } from './account.ts';
import { identifyFailure, resumeFailure, shardIdOf } from './fields.ts';
import { isFields, isSequence } from './ops.ts';
import type { OracleRule } from './oracle-rules.ts';
import type { GatewayAddress } from './query.ts';
import type { SessionRecord } from './session-account.ts';

export interface Handshake {
  readonly account: Account;
  readonly address: GatewayAddress;
  /** The highest sequence heartbeats before it have named; -1 if none. */
  readonly confirmed: number;
  readonly now: number;
  readonly complain: (rule: OracleRule, what: string) => void;
}

const judgeToken = ({ account, complain }: Handshake, token: unknown): void => {
  if (typeof token === 'string' && token !== '' && !account.isSameToken(token)) complain('token-constant', 'another token than before');
};

/** @see https://discord.com/developers/docs/events/gateway#identifying */
export function judgeIdentify(handshake: Handshake, d: unknown): void {
  const { account, address, confirmed, now, complain } = handshake;
  const { mainHost } = account.settings;
  if (mainHost !== null && address.host !== mainHost) complain('identify-host', `IDENTIFY at ${address.host}, which is not the main host`);
  if (confirmed !== -1) complain('heartbeat-sequence', `a heartbeat with d ${confirmed} before there was a session`);
  const failure = identifyFailure(d, address.isCompressed);
  if (failure !== null) complain('identify-fields', `IDENTIFY with ${failure}`);
  if (!isFields(d)) return;
  judgeToken(handshake, d['token']);
  account.starts.take(shardIdOf(d), now, complain);
}

/** The session it names; `null` for one nobody knows. @see https://discord.com/developers/docs/events/gateway#resuming */
export function judgeResume(handshake: Handshake, d: unknown): SessionRecord | null {
  const { account, complain } = handshake;
  const failure = resumeFailure(d);
  if (failure !== null) complain('resume-fields', `RESUME with ${failure}`);
  if (!isFields(d)) return null;
  judgeToken(handshake, d['token']);
  const id = String(d['session_id']);
  const session = account.sessions.find(id) ?? null;
  if (session !== null) judgeSession(handshake, session, d['seq']);
  else if (failure === null && !account.sessions.hasExpired(id)) complain('resume-session', `RESUME of ${id}, a session that was never given`);
  return session;
}

function judgeSession({ account, address, confirmed, complain }: Handshake, session: SessionRecord, seq: unknown): void {
  const { mainHost } = account.settings;
  const { id, said, resumeHost, query, endedBy } = session;
  if (mainHost !== null && address.host !== mainHost && address.host !== resumeHost) {
    complain('resume-host', `RESUME at ${address.host}, neither the resume host of ${id} nor the main host`);
  }
  if (address.query !== query) complain('session-query', `RESUME of ${id} with ${address.query}, which began with ${query}`);
  if (endedBy !== null) complain('resume-ended', `RESUME of ${id}, which ended with ${endedBy}`);
  const isKnown = confirmed <= said;
  if (!isKnown) complain('heartbeat-sequence', `a heartbeat with d ${confirmed}, which was never said in ${id}`);
  if (!isSequence(seq)) return;
  const least = Math.max(session.confirmed, isKnown ? confirmed : -1);
  if (seq > said) complain('resume-sequence', `RESUME of ${id} with seq ${seq}, where ${said} was the last`);
  if (seq < least) complain('resume-sequence', `RESUME of ${id} with seq ${seq}, where a heartbeat had confirmed ${least}`);
}
