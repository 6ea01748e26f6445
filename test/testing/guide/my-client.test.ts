import { expect, test } from 'vitest';
import { Oracle, VirtualClock } from '../../../src/testing/index.ts';
import type { Complaint } from '../../../src/testing/index.ts';
import { MyClient } from './my-client.ts';

const URL = 'wss://gateway.test/?v=10&encoding=json';

/** Plays the gateway for two minutes. It acknowledges heartbeats, or stops to. Returns what the oracle found. */
function complaintsOf({ acknowledges }: { acknowledges: boolean }): readonly Complaint[] {
  const clock = new VirtualClock();
  const oracle = new Oracle({ clock, mainUrl: 'wss://gateway.test' });
  const connection = oracle.connect(URL);
  const client = new MyClient(clock, (text) => {
    connection.received(text);
    const { op } = JSON.parse(text) as { op: number };
    if (op === 2) send({ op: 0, t: 'READY', s: 1, d: { session_id: 'x', resume_gateway_url: 'wss://gateway.test' } });
    if (op === 1 && acknowledges) send({ op: 11 });
  });
  const send = (packet: { op: number; d?: unknown; s?: number; t?: string }): void => {
    connection.sent(packet);
    client.receive(packet);
  };

  send({ op: 10, d: { heartbeat_interval: 41_250 } });
  clock.advance(120_000);
  connection.finish();
  return oracle.complaints;
}

test('the client keeps the protocol while the gateway acknowledges its heartbeats', () => {
  expect(complaintsOf({ acknowledges: true })).toEqual([]);
});

test('the client does not notice a zombie, and the oracle does', () => {
  expect(complaintsOf({ acknowledges: false })).toContainEqual({
    rule: 'zombie-heartbeat',
    what: 'a heartbeat followed one that was not acknowledged',
    connection: 0,
    at: new VirtualClock().now() + 2 * 41_250,
  });
});
