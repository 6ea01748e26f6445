/** A session as the gateway of the fuzzer keeps it, with its dispatches for replays. */

export interface Entry {
  readonly s: number;
  readonly bytes: Buffer;
  /** What a replay sends instead, as often as `times` says. */
  broken: { readonly bytes: Buffer; times: number } | null;
}

/** A dispatch that is about to be sent. */
export interface Candidate {
  readonly s: number;
  /** As a replay sends it, if the client could not read it. */
  readonly bytes: Buffer;
}

export interface GatewaySession {
  readonly id: string;
  lastSequence: number;
  readonly entries: Entry[];
  /** Sent right after RESUMED, as often as `times` says. */
  afterResumed: { readonly bytes: Buffer; times: number } | null;
}

export const newSession = (id: string): GatewaySession => ({ id, lastSequence: 0, entries: [], afterResumed: null });

export const readyText = (url: string, sessionId: string, s: number | null): string =>
  JSON.stringify({
    t: 'READY',
    s,
    op: 0,
    d: { v: 10, session_id: sessionId, resume_gateway_url: url, guilds: [], user: {} },
  });
