/** What an oracle counts and keeps beyond its rules. */
import { expect, test } from 'vitest';
import { Oracle, VirtualClock } from '../../src/testing/index.ts';
import { IDENTIFY, Talk } from './talk.ts';

/** One heartbeat comes 2 s late, the next at its time. */
const lateOnce = (talk: Talk): Talk => talk.live().pulse(1).wait(12_000).pulse(1).wait(8_000).pulse(1);

test('a complaint says the rule, the deed, the connection and the time', () => {
  const talk = new Talk().live().clientCloses().connect().wait(10).hello().presence();

  expect(talk.oracle.complaints).toEqual([
    { rule: 'handshake-first', what: 'command (op 3) while greeted', connection: 1, at: talk.clock.now() },
  ]);
});

test('a close with 1000 or 1001 is counted as a discard, unless op 9 has ended the session before', () => {
  const talk = new Talk().live().clientCloses(1000);
  talk.connect().live().clientCloses(1001);
  talk.connect().live().clientCloses(4200);
  talk.connect().live().invalid(false).clientCloses(1000);

  expect(talk.oracle.discards).toBe(2);
  expect(talk.oracle.complaints).toEqual([]);
});

test('a close of 1000 after op 9 true is a discard', () => {
  expect(new Talk().live().invalid(true).clientCloses(1000).oracle.discards).toBe(1);
});

test('a client that breaks a rule for ever does not fill the memory', () => {
  const talk = new Talk().live().times(2_000, (t) => t.hear('nonsense'));

  expect(talk.oracle.complaints).toHaveLength(1_000);
});

test('no complaint contains the token, whatever the client has done with it', () => {
  const token = 'MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs';
  const talk = new Talk().hello().identify({ token }).identify({ token });
  talk.connect().hello().identify({ token: token.slice(1), intents: token, shard: token, presence: token });
  talk.connect().hello().hear({ op: 6, d: { token, session_id: 'x', seq: token } }).hear(token).hear({ op: 1, d: token });

  expect(talk.oracle.complaints.length).toBeGreaterThan(5);
  expect(JSON.stringify(talk.oracle.complaints)).not.toContain(token.slice(1, 20));
});

test('finish after a close of either side says nothing more', () => {
  const talk = new Talk().live().clientCloses().wait(60_000).finish().finish();
  talk.connect().live().gatewayCloses(4000).wait(60_000).finish().finish();

  expect(talk.oracle.complaints).toEqual([]);
});

test('a client is judged by the lateness and the round trip it is granted', () => {
  expect(lateOnce(new Talk()).rules).toEqual(['heartbeat-missing', 'heartbeat-pace']);
  expect(lateOnce(new Talk({ lateMs: 2_000 })).rules).toEqual([]);
  expect(new Talk().live().say(1).wait(3_000).beat(1).rules).toEqual(['heartbeat-answer']);
  expect(new Talk({ roundTripMs: 3_000 }).live().say(1).wait(3_000).beat(1).rules).toEqual([]);
});

test('without a main URL hosts are not judged', () => {
  const oracle = new Oracle({ clock: new VirtualClock() });
  const connection = oracle.connect('wss://any.test/?v=10&encoding=json');
  connection.said({ op: 10, d: { heartbeat_interval: 10_000 } });
  connection.heard(JSON.stringify({ op: 2, d: IDENTIFY }));

  expect(oracle.complaints).toEqual([]);
});

test('sessions beyond 4096 without a connection are forgotten, those with one are not', () => {
  const talk = new Talk().hello().identify().ready(1, 'kept');
  talk.times(5_000, (t, n) => t.connect().hello().identify().ready(1, `session-${n}`).clientCloses());
  talk.connect().hello().resume(1, { session_id: 'kept' });
  expect(talk.rules).toEqual([]);

  talk.connect().hello().resume(1, { session_id: 'session-4999' });
  expect(talk.rules).toEqual([]);

  talk.connect().hello().resume(1, { session_id: 'session-0' });
  expect(talk.rules).toEqual(['resume-session']);
});
