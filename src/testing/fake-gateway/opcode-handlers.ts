/**
 * For each opcode that clients may send: the phases in which the gateway closes the connection, and otherwise what the
 * gateway does.
 * @see https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-opcodes
 */
import { isCount, isObject } from '../../protocol/validation.ts';
import { Opcodes } from '../../protocol/opcodes.ts';
import type { RejectCode } from './close-codes.ts';
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

/** @see https://discord.com/developers/docs/events/gateway-events#update-presence */
const presence: OpcodeHandler['handle'] = (connection, d) => {
  if (isObject(d)) connection.presence = d;
  else connection.reject(4002, 'the presence is not an object');
};

/** A request that comes while READY is held finds no session, and gets no answer. */
const request: OpcodeHandler['handle'] = (connection, d, op) => {
  const { session, context } = connection;
  if (session === null) return;
  const { userId, ids } = context;
  const responses = responsesTo(op, { d, session, userId, ids });
  if (responses === null) connection.reject(4002, `a request (op ${op}) lacks fields or has fields of a wrong type`);
  else dispatchAll(connection, responses);
};

const members: OpcodeHandler['handle'] = (connection, d) => {
  const { session, context } = connection;
  if (session === null) return;
  const responses = context.members.responses(d, session.intents);
  if (responses === null) {
    connection.reject(4002, 'Request Guild Members lacks fields or has fields of a wrong type');
    return;
  }
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
