/** Sessions, times and events that all tests of the shard's chart share. */
import type { SessionIdentity } from '../../machines/index.ts';

export const SESSION: SessionIdentity = { sessionId: 'one', resumeUrl: 'wss://one.test' };
export const OTHER: SessionIdentity = { sessionId: 'other', resumeUrl: 'wss://other.test' };

/** With a random number of ½ the first heartbeat comes after 20 s, the next ones after 60 s, 100 s and so on. */
export const INTERVAL_MS = 40_000;

/** The socket was closed with this code. */
export const closed = (code: number, reason = '') => ({ type: 'socket.closed', code, reason }) as const;
