/**
 * The life of one connection, as the gateway sees it: what leads where, and which rule a client breaks by saying
 * something too early or too late.
 * @see https://discord.com/developers/docs/events/gateway#connection-lifecycle
 */
import type { ClientAction } from './opcodes.ts';
import type { OracleRule } from './oracle-rules.ts';

/**
 * `connected`: no HELLO yet. `greeted`: HELLO said. `identified`, `resuming`: asked for a session. `live`: READY or
 * RESUMED said. `invalidated`: op 9 said. `closing`: the gateway has closed, and what crosses that on the way is no
 * fault. `closed`: the client has closed.
 */
export type Phase = 'connected' | 'greeted' | 'identified' | 'resuming' | 'live' | 'invalidated' | 'closing' | 'closed';

export type PhaseEvent = 'hello' | 'identify' | 'resume' | 'ready' | 'resumed' | 'invalid';

export const TRANSITIONS: Readonly<Record<Phase, { readonly [event in PhaseEvent]?: Phase }>> = {
  connected: { hello: 'greeted', identify: 'identified', resume: 'resuming' },
  greeted: { identify: 'identified', resume: 'resuming', ready: 'live' },
  identified: { ready: 'live', resumed: 'live', invalid: 'invalidated' },
  resuming: { ready: 'live', resumed: 'live', invalid: 'invalidated' },
  live: { invalid: 'invalidated' },
  invalidated: {},
  closing: {},
  closed: {},
};

export const FORBIDDEN: Readonly<Record<Phase, { readonly [action in ClientAction]?: OracleRule }>> = {
  connected: { heartbeat: 'hello-first', identify: 'hello-first', resume: 'hello-first', command: 'hello-first' },
  greeted: { command: 'handshake-first' },
  identified: { identify: 'one-handshake', resume: 'one-handshake', command: 'ready-first' },
  resuming: { identify: 'one-handshake', resume: 'one-handshake', command: 'ready-first' },
  live: { identify: 'one-handshake', resume: 'one-handshake' },
  invalidated: { identify: 'one-handshake', resume: 'one-handshake' },
  closing: {},
  closed: {},
};

/** Nothing more is judged: the one or the other has closed. */
export const isOver = (phase: Phase): boolean => phase === 'closing' || phase === 'closed';
