/** How the decode hint decides what is done with a dispatch. */
import { describe, expect, test } from 'vitest';
import type { DecodeHint } from '../../src/decoding/decode-predictor.ts';
import type { LazyDispatch } from '../../src/decoding/lazy-dispatch.ts';
import { bareConnection, raised } from './bare-connection.ts';

const VALID = '{"t":"EVENT","s":5,"op":0,"d":{"a":1}}';
/** The brackets match, but the data between them are not JSON. */
const CORRUPT = '{"t":"EVENT","s":5,"op":0,"d":{corrupt}}';

function deliveryWith(hint: DecodeHint, options: Parameters<typeof bareConnection>[0] = {}) {
  const delivered: LazyDispatch[] = [];
  const readTypes: string[] = [];
  const hintRequests: string[] = [];
  const connection = bareConnection({
    decodeHintFor: (t) => {
      hintRequests.push(t);
      // A dispatcher handles READY and RESUMED itself.
      return t === 'EVENT' ? hint : 'certain';
    },
    onDataRead: (t) => void readTypes.push(t),
    onDispatch: (dispatch) => void delivered.push(dispatch),
    ...options,
  });
  const receive = (text: string): void => connection.socket.emit('message', Buffer.from(text), false);
  return { ...connection, delivered, readTypes, hintRequests, receive };
}

const DECODE_FAILED = raised({
  type: 'socket.decodeFailed',
  reason: expect.any(String),
  cause: expect.anything(),
  hasSequence: true,
});

describe('FastLane', () => {
  test('a dispatch with hint `none` counts as received and delivered, and is not decoded', () => {
    const { delegate, delivered, takeLog, receive } = deliveryWith('none');
    delegate.session.restore({ sessionId: 'one', resumeUrl: 'wss://one.test', sequence: 4, shardId: 0, shardCount: 1 });
    receive(CORRUPT);
    expect(delivered).toEqual([]);
    expect(takeLog()).toEqual([]);
    expect(delegate.session.sequence).toBe(5);
    expect(delegate.session.sessionForStore(null)?.sequence).toBe(5);
  });

  test('a dispatch with hint `unlikely` is delivered before it is decoded', () => {
    const { delegate, delivered, readTypes, takeLog, receive } = deliveryWith('unlikely');
    receive(VALID);
    expect(delivered.map(({ t, s, d }) => [t, s, d])).toEqual([['EVENT', 5, { a: 1 }]]);
    receive(CORRUPT.replace('5', '6'));
    expect(delivered.length).toBe(2);
    expect(takeLog()).toEqual([]);
    expect(delegate.session.sequence).toBe(6);
    expect(readTypes).toEqual(['EVENT']);
  });

  test.each(['certain', 'likely'] as const)(
    'a dispatch with hint `%s` is decoded first, and not delivered if it is corrupt',
    (hint) => {
      const { delegate, delivered, takeLog, receive } = deliveryWith(hint);
      receive(VALID);
      expect(delivered.map(({ t, s, d }) => [t, s, d])).toEqual([['EVENT', 5, { a: 1 }]]);
      receive(CORRUPT.replace('5', '6'));
      expect(delivered.length).toBe(1);
      expect(takeLog()).toEqual([
        raised({ type: 'socket.decodeFailed', reason: expect.any(String), cause: undefined, hasSequence: true }),
      ]);
      expect(delegate.session.sequence).toBe(5);
    },
  );

  test.each<[DecodeHint, string[]]>([
    ['certain', []],
    ['likely', ['EVENT']],
    ['unlikely', ['EVENT']],
  ])('reads of data with hint `%s` are observed unless reading is certain', (hint, expectedReads) => {
    const { delivered, readTypes, receive } = deliveryWith(hint);
    receive(VALID);
    expect(readTypes).toEqual([]);
    expect(delivered[0]?.d).toEqual({ a: 1 });
    expect(readTypes).toEqual(expectedReads);
  });

  test('corrupt data that a listener reads roll the sequence back and end the connection', () => {
    const { delegate, takeLog, receive } = deliveryWith('unlikely', { onDispatch: ({ d }) => void d });
    delegate.session.recordSequence(4);
    receive(CORRUPT);
    expect(delegate.session.sequence).toBe(4);
    expect(takeLog()).toEqual([DECODE_FAILED]);
  });

  test.each<[DecodeHint]>([['certain'], ['unlikely']])(
    'what the delivery of a dispatch with hint `%s` throws rolls the sequence back and ends the connection',
    (hint) => {
      const cause = new TypeError('a bug');
      const { delegate, takeLog, receive } = deliveryWith(hint, {
        onDispatch: () => {
          throw cause;
        },
      });
      delegate.session.recordSequence(4);
      receive(VALID);
      expect(delegate.session.sequence).toBe(4);
      const reason = 'a message could not be handled';
      expect(takeLog()).toEqual([
        raised({ type: 'socket.decodeFailed', code: 'INTERNAL_ERROR', reason, cause, hasSequence: true }),
      ]);
    },
  );

  test('what is thrown after the connection has ended is a fault', () => {
    const { connection, takeLog, receive } = deliveryWith('certain', {
      onDispatch: () => {
        connection.terminate();
        throw new TypeError('a bug');
      },
    });
    receive(VALID);
    expect(takeLog().filter(([name]) => name === 'fault' || name === 'raised')).toEqual([['fault', 'INTERNAL_ERROR']]);
  });

  test.each(['-1', '1.5', '1e999', '9007199254740992', '"7"', '{}', 'true'])(
    'a dispatch with the sequence %s is delivered without one',
    (sequence) => {
      const { delivered, delegate, receive } = deliveryWith('certain');
      delegate.session.recordSequence(4);
      receive(`{"op":0,"t":"EVENT","s":${sequence},"d":{}}`);
      expect(delivered.map(({ t, s }) => [t, s])).toEqual([['EVENT', null]]);
      expect(delegate.session.sequence).toBe(4);
    },
  );

  test.each<[DecodeHint]>([['none'], ['unlikely'], ['certain']])(
    'with hint `%s` a replay does not count what was received before it',
    (hint) => {
      const { connection, delegate, delivered, receive } = deliveryWith(hint);
      const session = { sessionId: 'one', resumeUrl: 'wss://one.test', sequence: 4, shardId: 0, shardCount: 1 };
      delegate.session.restore(session);
      connection.execute({ type: 'resume' });
      for (const s of [3, 4, 5, 5, 6]) receive(`{"t":"EVENT","s":${s},"op":0,"d":{}}`);
      receive('{"t":"RESUMED","s":1,"op":0,"d":{}}');
      receive('{"t":"EVENT","s":6,"op":0,"d":{}}');
      const events = hint === 'none' ? [] : [5, 6, 6];
      expect(delivered.filter(({ t }) => t === 'EVENT').map(({ s }) => s)).toEqual(events);
      expect(delegate.session.sequence).toBe(6);
    },
  );

  test('READY in the place of RESUMED is delivered and ends the replay', () => {
    const { connection, delegate, delivered, receive } = deliveryWith('certain');
    const session = { sessionId: 'one', resumeUrl: 'wss://one.test', sequence: 9, shardId: 0, shardCount: 1 };
    delegate.session.restore(session);
    connection.execute({ type: 'resume' });
    receive('{"t":"READY","s":1,"op":0,"d":{"session_id":"two"}}');
    for (const s of [2, 2]) receive(`{"t":"EVENT","s":${s},"op":0,"d":{}}`);
    expect(delivered.map(({ t, s }) => [t, s])).toEqual([
      ['READY', 1],
      ['EVENT', 2],
      ['EVENT', 2],
    ]);
  });

  test('a skipped dispatch that a replay repeats is dropped, and ends no connection', () => {
    const { connection, delegate, delivered, takeLog, receive } = deliveryWith('certain');
    const session = { sessionId: 'one', resumeUrl: 'wss://one.test', sequence: 9, shardId: 0, shardCount: 1 };
    delegate.session.restore(session);
    connection.execute({ type: 'resume' });
    takeLog();
    receive(CORRUPT);
    expect(takeLog()).toEqual([['raised', expect.objectContaining({ type: 'gateway.replayStarted' })]]);
    receive('{"t":"EVENT","s":10,"op":0,"d":{}}');
    expect(delivered.map(({ s }) => s)).toEqual([10]);
    expect(delegate.session.sequence).toBe(10);
  });

  test.each<[DecodeHint, string]>([
    ['certain', CORRUPT],
    ['unlikely', CORRUPT],
    ['certain', CORRUPT.slice(0, -1)],
    ['certain', '{"d":{},"op":0,"t":"EVENT","s":5}'],
  ])('with hint `%s` a corrupt dispatch is skipped after it has ended three connections: %s', (hint, corrupt) => {
    const { delegate, delivered, takeLog, receive } = deliveryWith(hint);
    const session = { sessionId: 'one', resumeUrl: 'wss://one.test', sequence: 4, shardId: 0, shardCount: 1 };
    delegate.session.restore(session);
    for (let failures = 0; failures < 3; failures += 1) delegate.session.recordFailure(5);
    receive(corrupt);
    expect(takeLog()).toEqual([['fault', 'DISPATCH_SKIPPED']]);
    expect(delivered).toEqual([]);
    expect(delegate.session.sequence).toBe(5);
    expect(delegate.session.sessionForStore(null)?.sequence).toBe(5);
    receive(VALID);
    expect(delivered.length).toBe(1);
  });

  test('corrupt data that are read after delivery keep the sequence and end the connection', () => {
    const { delivered, delegate, takeLog, receive } = deliveryWith('unlikely');
    receive(CORRUPT);
    expect(() => delivered[0]?.d).toThrow(expect.objectContaining({ code: 'DECODE_FAILED' }));
    expect(delegate.session.sequence).toBe(5);
    expect(takeLog()).toEqual([DECODE_FAILED]);
  });

  test('an incomplete dispatch ends the connection, whatever the hint', () => {
    const { delivered, takeLog, receive } = deliveryWith('unlikely');
    receive(VALID.slice(0, -1));
    expect(delivered).toEqual([]);
    expect(takeLog()).toEqual([
      raised({ type: 'socket.decodeFailed', reason: expect.any(String), cause: undefined, hasSequence: true }),
    ]);
  });

  test('a packet that is not a dispatch is decoded without a hint', () => {
    const { hintRequests, takeLog, receive } = deliveryWith('none');
    receive('{"op":11}');
    expect(hintRequests).toEqual([]);
    expect(takeLog()).toEqual([raised({ type: 'gateway.heartbeatAck' })]);
  });

  test.each([
    '{"op":0,"t":"EVENT","d":{}}',
    '{"op":0,"t":"EVENT","s":null,"d":{}}',
    '{"op":0,"t":"EVENT","s":"7","d":{}}',
  ])('a dispatch without a sequence is delivered and leaves the sequence unchanged: %s', (text) => {
    const { delivered, delegate, receive } = deliveryWith('certain');
    receive(text);
    expect(delivered.map(({ t }) => t)).toEqual(['EVENT']);
    expect(delegate.session.sequence).toBe(null);
  });

  test('a dispatch without a type is counted and not delivered', () => {
    const { delivered, delegate, receive } = deliveryWith('certain');
    receive('{"op":0,"s":7,"d":{}}');
    expect(delivered).toEqual([]);
    expect(delegate.session.sequence).toBe(7);
  });
});
