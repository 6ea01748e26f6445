import { describe, expect, test } from 'vitest';
import { Oracle, VirtualClock } from '../../../src/testing/index.ts';
import { IDENTIFY, OracleScript } from './oracle-script.ts';

/** Sends one heartbeat 2 s late, and the next at its time. */
const lateOnce = (script: OracleScript): OracleScript =>
  script.live().acknowledgedHeartbeat(1).wait(12_000).acknowledgedHeartbeat(1).wait(8_000).acknowledgedHeartbeat(1);

describe('Oracle', () => {
  test('a complaint names the rule, the act, the connection and the time', () => {
    const script = new OracleScript().live().clientCloses().connect().wait(10).hello().presence();

    expect(script.oracle.complaints).toEqual([
      {
        rule: 'handshake-first',
        what: 'a command (op 3) came before IDENTIFY or RESUME',
        connection: 1,
        at: script.clock.now(),
      },
    ]);
  });

  test('a close with 1000 or 1001 counts as a discard, unless op 9 false came before', () => {
    const script = new OracleScript().live().clientCloses(1000);
    script.connect().live().clientCloses(1001);
    script.connect().live().clientCloses(4200);
    script.connect().live().invalid(false).clientCloses(1000);

    expect(script.oracle.discards).toBe(2);
    expect(script.oracle.complaints).toEqual([]);
  });

  test('a close with 1000 after op 9 true counts as a discard', () => {
    expect(new OracleScript().live().invalid(true).clientCloses(1000).oracle.discards).toBe(1);
  });

  test('complaints are limited to 1000', () => {
    const script = new OracleScript().live().times(2_000, (t) => t.receive('nonsense'));

    expect(script.oracle.complaints).toHaveLength(1_000);
  });

  test('complaints do not contain the token, whichever field it is in', () => {
    const token = 'MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs';
    const script = new OracleScript().hello().identify({ token }).identify({ token });
    script
      .connect()
      .hello()
      .identify({ token: token.slice(1), intents: token, shard: token, presence: token });
    script
      .connect()
      .hello()
      .receive({ op: 6, d: { token, session_id: 'x', seq: token } })
      .receive(token)
      .receive({ op: 1, d: token });

    expect(script.oracle.complaints.length).toBeGreaterThan(5);
    expect(JSON.stringify(script.oracle.complaints)).not.toContain(token.slice(1, 20));
  });

  test('finish() after a close of either side causes no complaint', () => {
    const script = new OracleScript().live().clientCloses().wait(60_000).finish().finish();
    script.connect().live().gatewayCloses(4000).wait(60_000).finish().finish();

    expect(script.oracle.complaints).toEqual([]);
  });

  test('the options lateMs and roundTripMs decide what is late', () => {
    expect(lateOnce(new OracleScript()).rules).toEqual(['heartbeat-missing', 'heartbeat-pace']);
    expect(lateOnce(new OracleScript({ lateMs: 2_000 })).rules).toEqual([]);
    expect(new OracleScript().live().send(1).wait(3_000).heartbeat(1).rules).toEqual(['heartbeat-answer']);
    expect(new OracleScript({ roundTripMs: 3_000 }).live().send(1).wait(3_000).heartbeat(1).rules).toEqual([]);
  });

  test('hosts are not judged without the option mainUrl', () => {
    const oracle = new Oracle({ clock: new VirtualClock() });
    const connection = oracle.connect('wss://any.test/?v=10&encoding=json');
    connection.sent({ op: 10, d: { heartbeat_interval: 10_000 } });
    connection.received(JSON.stringify({ op: 2, d: IDENTIFY }));

    expect(oracle.complaints).toEqual([]);
  });

  test('only the latest 4096 sessions are kept, and those with a connection', () => {
    const script = new OracleScript().hello().identify().ready(1, 'kept');
    script.times(5_000, (t, n) => t.connect().hello().identify().ready(1, `session-${n}`).clientCloses());
    script.connect().hello().resume(1, { session_id: 'kept' });
    expect(script.rules).toEqual([]);

    script.connect().hello().resume(1, { session_id: 'session-4999' });
    expect(script.rules).toEqual([]);

    script.connect().hello().resume(1, { session_id: 'session-0' });
    expect(script.rules).toEqual(['resume-session']);
  });
});
