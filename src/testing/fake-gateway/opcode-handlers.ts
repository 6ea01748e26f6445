/**
 * For each opcode that clients may send: the phases in which the gateway closes the connection, and otherwise what the
 * gateway does.
 * @see https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-opcodes
 */
import { isCount, isObject } from '../../protocol/validation.ts';
import type { Fields } from '../../protocol/validation.ts';
import { Opcodes } from '../../protocol/opcodes.ts';
import type { RejectCode } from './close-codes.ts';
import { judgeCommand } from './command-validation.ts';
import { validateIdentify } from './identify-validation.ts';
import { acceptsToken } from './options.ts';
import type { ResponseDispatch } from './command-responses.ts';
import { responsesTo } from './command-responses.ts';
import { jsonOf } from './sessions.ts';
import type { Phase, ServerConnectionPort } from './server-connection-port.ts';

export interface OpcodeHandler {
  readonly rejectIn: { readonly [phase in Phase]?: RejectCode };
  readonly handle: (connection: ServerConnectionPort, d: unknown, op: number) => void;
}

const AFTER_HELLO = { connected: 4003 } as const;
const BEFORE_IDENTIFIED = { connected: 4003, identified: 4005 } as const;
const ONCE_IDENTIFIED = { connected: 4003, helloSent: 4003, invalidated: 4003 } as const;

/** @see https://discord.com/developers/docs/events/gateway-events#heartbeat */
const heartbeat: OpcodeHandler['handle'] = (connection, d) => {
  if (d !== null && !isCount(d)) {
    connection.reject(4002, 'the d of a heartbeat is neither a sequence nor null');
    return;
  }
  if (connection.session !== null && d !== null && d > connection.session.sequence) {
    const { sequence } = connection.session;
    connection.recordViolation(null, `a heartbeat has sequence ${d}, but the session is at ${sequence}`);
  }
  connection.acknowledgeHeartbeat();
};

/** @see https://discord.com/developers/docs/events/gateway-events#identify */
const identify: OpcodeHandler['handle'] = (connection, d) => {
  const { settings, starts } = connection.context;
  const validated = validateIdentify(d, settings);
  if ('code' in validated) {
    connection.reject(validated.code, validated.what);
    return;
  }
  const { presence: initial } = validated;
  if (initial !== undefined && initial !== null) {
    if (accept(connection, Opcodes.Identify, initial, 'the presence in IDENTIFY') === null) return;
  }
  const problem = starts.tryConsume(validated.shard[0]);
  if (problem === null) {
    connection.identify(validated);
    return;
  }
  connection.recordViolation(null, problem);
  connection.send(Opcodes.InvalidSession, false);
};

/** @see https://discord.com/developers/docs/events/gateway-events#resume */
const resume: OpcodeHandler['handle'] = (connection, d) => {
  const { settings, sessions } = connection.context;
  if (!isObject(d) || typeof d['session_id'] !== 'string') {
    connection.reject(4002, 'RESUME has no session_id');
    return;
  }
  if (!acceptsToken(settings, d['token'])) {
    connection.reject(4004, 'RESUME has a wrong token');
    return;
  }
  const session = sessions.find(d['session_id']);
  const { seq } = d;
  if (session === undefined || (isCount(seq) && !session.canReplay(seq))) {
    connection.send(Opcodes.InvalidSession, false);
    return;
  }
  if (!isCount(seq) || seq > session.sequence) {
    sessions.end(session);
    connection.reject(4007, `RESUME has seq ${String(seq)}, but the session is at ${session.sequence}`);
    return;
  }
  connection.resume(session, seq);
};

function dispatchAll(connection: ServerConnectionPort, responses: readonly ResponseDispatch[]): void {
  for (const { t, d } of responses) connection.session?.dispatch(t, jsonOf(d));
}

/** Judges a command. Returns its data, or `null` if it gets no answer. */
function accept(connection: ServerConnectionPort, op: number, d: unknown, name?: string): Fields | null {
  const judged = judgeCommand(op, d, name);
  for (const note of judged.notes) connection.recordViolation(null, note);
  if (judged.refusal !== null) connection.reject(4002, judged.refusal);
  return judged.refusal !== null || judged.ignored ? null : judged.d;
}

/** @see https://discord.com/developers/docs/events/gateway-events#update-presence */
const presence: OpcodeHandler['handle'] = (connection, d, op) => {
  if (accept(connection, op, d) !== null) connection.presence = d;
};

/** A request that comes while READY is held finds no session, and gets no answer. */
const request: OpcodeHandler['handle'] = (connection, d, op) => {
  const command = accept(connection, op, d);
  const { session, context } = connection;
  if (session === null || command === null) return;
  const { userId, ids } = context;
  dispatchAll(connection, responsesTo(op, { d: command, session, userId, ids }));
};

const members: OpcodeHandler['handle'] = (connection, d, op) => {
  const command = accept(connection, op, d);
  const { session, context } = connection;
  if (session === null || command === null) return;
  const responses = context.members.responses(command, session.intents);
  context.latches.members.run(() => connection.members.run(() => dispatchAll(connection, responses)));
};

export const OPCODE_HANDLERS: ReadonlyMap<number, OpcodeHandler> = new Map<number, OpcodeHandler>([
  [Opcodes.Heartbeat, { rejectIn: AFTER_HELLO, handle: heartbeat }],
  [Opcodes.Identify, { rejectIn: BEFORE_IDENTIFIED, handle: identify }],
  [Opcodes.Resume, { rejectIn: BEFORE_IDENTIFIED, handle: resume }],
  [Opcodes.PresenceUpdate, { rejectIn: ONCE_IDENTIFIED, handle: presence }],
  [Opcodes.VoiceStateUpdate, { rejectIn: ONCE_IDENTIFIED, handle: request }],
  [Opcodes.RequestGuildMembers, { rejectIn: ONCE_IDENTIFIED, handle: members }],
  [Opcodes.RequestSoundboardSounds, { rejectIn: ONCE_IDENTIFIED, handle: request }],
  [Opcodes.RequestChannelInfo, { rejectIn: ONCE_IDENTIFIED, handle: request }],
]);
