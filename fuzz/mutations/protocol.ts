/** Messages out of order, packets that the library reads for itself, and what ends a connection. */
import { GatewayError } from '../../src/index.ts';
import { Violation } from '../recorder.ts';
import type { StepAction } from '../step.ts';

const HELLOS = [
  '{"op":10,"d":{"heartbeat_interval":41250}}',
  '{"op":10,"d":{"heartbeat_interval":-1}}',
  '{"op":10,"d":{"heartbeat_interval":"1"}}',
  '{"op":10,"d":null}',
  '{"op":10}',
];

const UNKNOWN = [
  '{"op":3}',
  '{"op":12,"d":[[[]]]}',
  '{"op":"0","t":"FUZZ_1","s":1,"d":{}}',
  '{"op":1000000000,"d":{}}',
  '{"op":-1}',
  '{"op":2,"d":{"token":"x"}}',
  '{"op":null}',
  '[]',
  '[{"op":7}]',
  '{"__proto__":{"op":7}}',
];

const BAD_READY_DATA = [
  'null',
  '[]',
  '{}',
  '{"session_id":""}',
  '{"session_id":5}',
  '{"session_id":null,"guilds":[null]}',
  '"x"',
];

const ODD_READY_FIELDS = [
  '"guilds":null',
  '"guilds":[null,5,{"id":{}}]',
  '"user":null,"guilds":"x"',
  '"resume_gateway_url":5',
  '"resume_gateway_url":"https://127.0.0.1"',
  '"resume_gateway_url":"no url"',
  '"application":[]',
];

const ODD_CHUNK_DATA = [
  'null',
  '[]',
  '"x"',
  '{"nonce":"NONCE","members":null}',
  '{"nonce":"NONCE","guild_id":5,"members":[null],"not_found":5,"chunk_index":0,"chunk_count":2}',
  '{"nonce":"NONCE","members":[],"not_found":null,"chunk_index":3,"chunk_count":1}',
  '{"nonce":"NONCE","members":[],"presences":null,"chunk_index":-1,"chunk_count":1e999}',
  '{"nonce":{},"members":{}}',
  '{"nonce":"NONCE","members":[1,}',
  '{"nonce":"NONCE","members":[',
];

const ODD_LIMITS = [
  'null',
  '[]',
  '{"opcode":"8","retry_after":"soon","meta":[]}',
  '{"opcode":8,"retry_after":-1,"meta":{"nonce":5}}',
  '{"opcode":8,"retry_after":1e999,"meta":null}',
  '{"opcode":8,"retry_after":0,"meta":{"nonce":"",}}',
];

/** Frames that RFC 6455 forbids: reserved bits, an unknown opcode, a long ping, a continuation of nothing, a mask. */
const FORBIDDEN_FRAMES = [
  [0xf1, 0x01, 0x7b],
  [0x83, 0x00],
  [0x89, 0x7e, 0x00, 0x80],
  [0x80, 0x00],
  [0x81, 0x81, 0, 0, 0, 0, 0x7b],
  [0x88, 0x01, 0x03],
];

const KEEP_SESSION_CODES = [1001, 1011, 4000];

/** The gateway closes, and the client resumes. */
const close: StepAction = async ({ link, random, until }) => {
  await until(() => link.isSettled, 'the client to take everything before the close');
  const { peer } = link;
  if (peer === null) return;
  link.leave();
  if (random.chance(0.3)) peer.socket.terminate();
  else peer.socket.close(random.pick(KEEP_SESSION_CODES), random.pick(['', 'Restarting', '\u001b[31m\n']));
};

const members: StepAction = async ({ link, random, bot, shardId, until, changed }) => {
  const nonce = `n${random.below(1e9)}`;
  const requests = link.memberRequests.length;
  let outcome: unknown;
  const settle = (how: unknown): void => {
    outcome = how;
    changed();
  };
  void bot.requestMembers(shardId, nonce).then(() => settle('answered'), settle);
  await until(() => link.memberRequests.length > requests || outcome !== undefined, 'the request for members');
  link.client.awaitsMembers = true;
  const odd = random.chance(0.5)
    ? { t: 'GUILD_MEMBERS_CHUNK', d: random.pick(ODD_CHUNK_DATA) }
    : { t: 'RATE_LIMITED', d: random.pick(ODD_LIMITS) };
  const s = link.nextSequence;
  const message = (t: string, sequence: number, d: string): Buffer =>
    Buffer.from(`{"t":"${t}","s":${sequence},"op":0,"d":${d.replace('NONCE', nonce)}}`);
  link.sendDispatch({ s, bytes: message(odd.t, s, '{}') }, message(odd.t, s, odd.d));
  if (link.isReady) {
    const answer = '{"nonce":"NONCE","guild_id":"1","members":[],"chunk_index":0,"chunk_count":1}';
    const bytes = message('GUILD_MEMBERS_CHUNK', link.nextSequence, answer);
    link.sendDispatch({ s: link.nextSequence, bytes }, bytes);
  }
  link.leaveIfUncertain();
  await until(() => outcome !== undefined, 'the end of the request for members');
  link.client.awaitsMembers = false;
  if (outcome !== 'answered' && !(outcome instanceof GatewayError))
    throw new Violation(`requestGuildMembers() rejected with ${String(outcome)}`);
};

export const CONTROL_STEPS = {
  acks: ({ link, random }) => {
    for (let count = random.int(1, 20); count > 0; count -= 1) link.send('{"op":11}');
  },
  heartbeatRequests: ({ link, random }) => {
    for (let count = random.int(1, 30); count > 0; count -= 1) link.send('{"op":1,"d":null}');
  },
  helloAgain: ({ link, random }) => link.send(random.pick(HELLOS)),
  unknown: ({ link, random }) => link.send(random.pick(UNKNOWN)),
  reconnect: ({ link, random }) =>
    link.send(random.pick(['{"op":7}', '{"op":7,"d":null}', '{"op":7,"d":{"op":9},"t":"READY","s":9}'])),
  invalidSession: ({ link, random }) =>
    link.send(random.pick(['{"op":9,"d":true}', '{"op":9,"d":false}', '{"op":9}', '{"op":9,"d":"true"}'])),
  resumedUnasked: ({ link, random }) => {
    const s = link.nextSequence;
    link.skipSequence(s);
    link.send(`{"t":"RESUMED","s":${s},"op":0,"d":${random.pick(['{}', 'null', '{"_trace":[]}'])}}`);
  },
  readyAgain: ({ link, random }) => {
    const s = link.nextSequence;
    link.skipSequence(s);
    link.send(`{"t":"READY","s":${s},"op":0,"d":{"session_id":"${link.sessionId}",${random.pick(ODD_READY_FIELDS)}}}`);
  },
  readyOfAnother: ({ link, random }) =>
    link.replaceSession(
      (id) => `{"t":"READY","s":2,"op":0,"d":{"session_id":"${id}",${random.pick(ODD_READY_FIELDS)}}}`,
      2,
    ),
  readyMalformed: ({ link, random }) => {
    const s = link.nextSequence;
    link.skipSequence(s);
    link.send(`{"t":"READY","s":${s},"op":0,"d":${random.pick(BAD_READY_DATA)}}`);
  },
  /** The next IDENTIFY is answered by a READY that can't be used. */
  firstReadyMalformed: ({ link, random }) => {
    const s = random.int(1, 100);
    link.badReadies.push(Buffer.from(`{"t":"READY","s":${s},"op":0,"d":${random.pick(BAD_READY_DATA)}}`));
    link.send('{"op":9,"d":false}');
  },
  /** A dispatch before READY, or between RESUME and its replay. */
  early: ({ link, random }) => {
    const isNew = random.chance(0.5);
    // Before READY there is no session, so its sequence says nothing about the next one.
    const s = isNew ? random.pick(['null', '0', '1', '70']) : 'null';
    link.early.push(Buffer.from(`{"t":"FUZZ_1","s":${s},"op":0,"d":{"early":true}}`));
    if (random.chance(0.3)) link.early.push(Buffer.from('{"op":11}'), Buffer.from(random.pick(HELLOS)));
    link.send(isNew ? '{"op":9,"d":false}' : '{"op":7}');
  },
  forbiddenFrame: async ({ link, random, until }) => {
    await until(() => link.isSettled, 'the client to take everything before a forbidden frame');
    const { peer } = link;
    link.leave();
    peer?.sendRaw(Buffer.from(random.pick(FORBIDDEN_FRAMES)));
  },
  close,
  members,
} satisfies Record<string, StepAction>;
