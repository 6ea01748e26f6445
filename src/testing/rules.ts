/**
 * The strictness table: for each opcode a client may send, the phases in which it earns a close code, and what it
 * brings about otherwise.
 * @see https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-opcodes
 */
import { Opcodes } from '../protocol/opcodes.ts';
import type { RejectCode } from './close-codes.ts';
import { isObject, judgeIdentify } from './identify.ts';
import { acceptsToken } from './options.ts';
import type { Answer } from './requests.ts';
import { answersTo } from './requests.ts';
import { jsonOf } from './sessions.ts';
import type { Phase, Talk } from './talk.ts';

export interface Rule {
  readonly refused: { readonly [phase in Phase]?: RejectCode };
  readonly obey: (conversation: Talk, d: unknown, op: number) => void;
}

const AFTER_HELLO = { connected: 4003 } as const;
const BEFORE_IDENTIFIED = { connected: 4003, identified: 4005 } as const;
const ONCE_IDENTIFIED = { connected: 4003, greeted: 4003, invalidated: 4003 } as const;

const isSequence = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;

/** @see https://discord.com/developers/docs/events/gateway-events#heartbeat */
const heartbeat: Rule['obey'] = (conversation, d) => {
  if (d !== null && !isSequence(d)) {
    conversation.reject(4002, 'a heartbeat whose d is neither a sequence nor null');
    return;
  }
  if (conversation.session !== null && d !== null && d > conversation.session.sequence) {
    conversation.note(null, `a heartbeat with sequence ${d}, ahead of ${conversation.session.sequence}`);
  }
  conversation.beat();
};

/** @see https://discord.com/developers/docs/events/gateway-events#identify */
const identify: Rule['obey'] = (conversation, d) => {
  const { settings, starts } = conversation.realm;
  const judged = judgeIdentify(d, settings);
  if ('code' in judged) {
    conversation.reject(judged.code, judged.what);
    return;
  }
  const problem = starts.take(judged.shard[0]);
  if (problem === null) {
    conversation.identify(judged);
    return;
  }
  conversation.note(null, problem);
  conversation.say(Opcodes.InvalidSession, false);
};

/** @see https://discord.com/developers/docs/events/gateway-events#resume */
const resume: Rule['obey'] = (conversation, d) => {
  const { settings, sessions } = conversation.realm;
  if (!isObject(d) || typeof d['session_id'] !== 'string') {
    conversation.reject(4002, 'RESUME without a session_id');
    return;
  }
  if (!acceptsToken(settings, d['token'])) {
    conversation.reject(4004, 'RESUME with a wrong token');
    return;
  }
  const session = sessions.find(d['session_id']);
  const { seq } = d;
  if (session === undefined || (isSequence(seq) && !session.canReplay(seq))) {
    conversation.say(Opcodes.InvalidSession, false);
    return;
  }
  if (!isSequence(seq) || seq > session.sequence) {
    sessions.end(session);
    conversation.reject(4007, `RESUME with seq ${String(seq)}, the session is at ${session.sequence}`);
    return;
  }
  conversation.resume(session, seq);
};

function give(conversation: Talk, answers: readonly Answer[]): void {
  for (const { t, d } of answers) conversation.session?.dispatch(t, jsonOf(d));
}

/** @see https://discord.com/developers/docs/events/gateway-events#update-presence */
const presence: Rule['obey'] = (conversation, d) => {
  if (isObject(d)) conversation.presence = d;
  else conversation.reject(4002, 'a presence that is no object');
};

/** Requests that come before a held READY find no session and stay unanswered. */
const request: Rule['obey'] = (conversation, d, op) => {
  const { session, realm } = conversation;
  if (session === null) return;
  const { userId, ids } = realm;
  const answers = answersTo(op, { d, session, userId, ids });
  if (answers === null) conversation.reject(4002, `a request (op ${op}) that lacks fields or has some of a wrong type`);
  else give(conversation, answers);
};

const members: Rule['obey'] = (conversation, d) => {
  const { session, realm } = conversation;
  if (session === null) return;
  const answers = realm.members.answers(d, session.intents);
  if (answers === null) {
    conversation.reject(4002, 'Request Guild Members that lacks fields or has some of a wrong type');
    return;
  }
  realm.holds.members.pass(() => conversation.members.pass(() => give(conversation, answers)));
};

export const RULES: ReadonlyMap<number, Rule> = new Map<number, Rule>([
  [Opcodes.Heartbeat, { refused: AFTER_HELLO, obey: heartbeat }],
  [Opcodes.Identify, { refused: BEFORE_IDENTIFIED, obey: identify }],
  [Opcodes.Resume, { refused: BEFORE_IDENTIFIED, obey: resume }],
  [Opcodes.PresenceUpdate, { refused: ONCE_IDENTIFIED, obey: presence }],
  [Opcodes.VoiceStateUpdate, { refused: ONCE_IDENTIFIED, obey: request }],
  [Opcodes.RequestGuildMembers, { refused: ONCE_IDENTIFIED, obey: members }],
  [Opcodes.RequestSoundboardSounds, { refused: ONCE_IDENTIFIED, obey: request }],
  [Opcodes.RequestChannelInfo, { refused: ONCE_IDENTIFIED, obey: request }],
]);
