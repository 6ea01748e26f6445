/**
 * The phases of one connection as a table: which event leads to which phase, and which rule a client breaks when it
 * sends something too early or too late.
 * @see https://discord.com/developers/docs/events/gateway#connection-lifecycle
 */
import type { ClientAction } from './opcodes.ts';
import type { OracleRule } from './oracle-rules.ts';

/**
 * `connected`: before HELLO. `greeted`: HELLO sent. `identified`: IDENTIFY received. `resuming`: RESUME received.
 * `live`: READY or RESUMED sent. `invalidated`: op 9 sent. `closing`: the gateway has closed; frames that cross its
 * close frame are not judged. `closed`: the client has closed.
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

/** How a complaint names the phase in which a client sent something. */
export const PHASE_TEXTS: Readonly<Record<Phase, string>> = {
  connected: 'before HELLO',
  greeted: 'before IDENTIFY or RESUME',
  identified: 'between IDENTIFY and READY',
  resuming: 'between RESUME and RESUMED',
  live: 'after READY or RESUMED',
  invalidated: 'after op 9',
  closing: 'after the gateway closed',
  closed: 'after the client closed',
};

/** The rule that an action breaks in a phase. */
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

/** Whether one side has closed, so that nothing more is judged. */
export const isOver = (phase: Phase): boolean => phase === 'closing' || phase === 'closed';
