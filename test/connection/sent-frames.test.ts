/** When a payload counts as accepted: it decides whether a presence may be sent again. */
import { beforeEach, describe, expect, test } from 'vitest';
import { SentFrames } from '../../src/connection/sent-frames.ts';

const HEARTBEAT = '{"op":1,"d":1}';
const PRESENCE = '{"op":3,"d":{}}';

describe('a payload is accepted', () => {
  let accepted: number[] = [];
  const create = (): SentFrames =>
    new SentFrames({ onSent: () => undefined, onAccepted: (opcode) => accepted.push(opcode) });
  let frames = create();
  beforeEach(() => {
    accepted = [];
    frames = create();
  });

  const send = (...texts: string[]): void => texts.forEach((text) => void frames.record(text));

  test('by the ACK of a heartbeat that was sent after it', () => {
    send(PRESENCE, HEARTBEAT);
    frames.recordAck();
    expect(accepted).toEqual([3]);
  });

  test('not by the ACK of a heartbeat that was sent before it', () => {
    send(HEARTBEAT, PRESENCE);
    frames.recordAck();
    expect(accepted).toEqual([]);
    expect(frames.unconfirmed).toBe(3);
  });

  test('not by the first of two ACKs, when it was sent between the two heartbeats', () => {
    send(HEARTBEAT, PRESENCE, HEARTBEAT);
    frames.recordAck();
    expect(accepted).toEqual([]);
    frames.recordAck();
    expect(accepted).toEqual([3]);
  });

  test('not by an ACK that no heartbeat asked for', () => {
    send(PRESENCE);
    frames.recordAck();
    send(HEARTBEAT);
    expect(accepted).toEqual([]);
    frames.recordAck();
    expect(accepted).toEqual([3]);
  });

  test('not by the ACK of a heartbeat of an earlier connection', () => {
    send(HEARTBEAT, HEARTBEAT);
    frames.reset();
    send(PRESENCE, HEARTBEAT);
    frames.recordAck();
    expect(accepted).toEqual([3]);
  });
});
