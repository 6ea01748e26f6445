/** How much is done with a dispatch, by what is expected to be read of it. */
import { describe, expect, test } from 'vitest';
import type { DecodeHint } from '../../src/decoding/decode-predictor.ts';
import type { LazyDispatch } from '../../src/decoding/lazy-dispatch.ts';
import { bareConnection, raised } from './bare-connection.ts';

const WHOLE = '{"t":"EVENT","s":5,"op":0,"d":{"a":1}}';
/** The brackets are in order, and what is in them is not. */
const DAMAGED = '{"t":"EVENT","s":5,"op":0,"d":{damaged}}';

function deliveryWith(hint: DecodeHint, options: Parameters<typeof bareConnection>[0] = {}) {
  const given: LazyDispatch[] = [];
  const wasRead: string[] = [];
  const asked: string[] = [];
  const kit = bareConnection({
    decodeHintFor: (t) => {
      asked.push(t);
      return hint;
    },
    onDataRead: (t) => void wasRead.push(t),
    onDispatch: (dispatch) => void given.push(dispatch),
    ...options,
  });
  const receive = (text: string): void => kit.socket.emit('message', Buffer.from(text), false);
  return { ...kit, given, wasRead, asked, receive };
}

const CORRUPTED = raised({ type: 'socket.decodeFailed', reason: expect.any(String), cause: expect.anything() });

describe('a dispatch whose data', () => {
  test('nobody wants is counted as received and given out, and its data not looked at', () => {
    const { delegate, given, takeLog, receive } = deliveryWith('none');
    delegate.session.restore({ sessionId: 'one', resumeUrl: 'wss://one.test', sequence: 4, shardId: 0, shardCount: 1 });
    receive(DAMAGED);
    expect(given).toEqual([]);
    expect(takeLog()).toEqual([]);
    expect(delegate.session.sequence).toBe(5);
    expect(delegate.session.sessionForStore(null)?.sequence).toBe(5);
  });

  test('nobody is expected to read is given out before its data are looked at', () => {
    const { delegate, given, wasRead, takeLog, receive } = deliveryWith('unlikely');
    receive(WHOLE);
    expect(given.map(({ t, s, d }) => [t, s, d])).toEqual([['EVENT', 5, { a: 1 }]]);
    receive(DAMAGED.replace('5', '6'));
    expect(given.length).toBe(2);
    expect(takeLog()).toEqual([]);
    expect(delegate.session.sequence).toBe(6);
    expect(wasRead).toEqual(['EVENT']);
  });

  test.each(['certain', 'likely'] as const)(
    'is %s to be read is looked at first: one that is damaged is not given out',
    (demand) => {
      const { delegate, given, takeLog, receive } = deliveryWith(demand);
      receive(WHOLE);
      expect(given.map(({ t, s, d }) => [t, s, d])).toEqual([['EVENT', 5, { a: 1 }]]);
      receive(DAMAGED.replace('5', '6'));
      expect(given.length).toBe(1);
      expect(takeLog()).toEqual([
        raised({ type: 'socket.decodeFailed', reason: expect.any(String), cause: undefined }),
      ]);
      expect(delegate.session.sequence).toBe(5);
    },
  );

  test.each<[DecodeHint, string[]]>([
    ['certain', []],
    ['likely', ['EVENT']],
    ['unlikely', ['EVENT']],
  ])('is %s to be read tells that it was, if that is not known anyway', (demand, told) => {
    const { given, wasRead, receive } = deliveryWith(demand);
    receive(WHOLE);
    expect(wasRead).toEqual([]);
    expect(given[0]?.d).toEqual({ a: 1 });
    expect(wasRead).toEqual(told);
  });

  test('turn out to be damaged when a listener reads them is as good as not received, and ends the connection', () => {
    const { delegate, takeLog, receive } = deliveryWith('unlikely', { onDispatch: ({ d }) => void d });
    delegate.session.recordSequence(4);
    expect(() => receive(DAMAGED)).toThrow(expect.objectContaining({ code: 'DECODE_FAILED' }));
    expect(delegate.session.sequence).toBe(4);
    expect(takeLog()).toEqual([CORRUPTED]);
  });

  test('turn out to be damaged when they are read later stays received, and ends the connection', () => {
    const { given, delegate, takeLog, receive } = deliveryWith('unlikely');
    receive(DAMAGED);
    expect(() => given[0]?.d).toThrow(expect.objectContaining({ code: 'DECODE_FAILED' }));
    expect(delegate.session.sequence).toBe(5);
    expect(takeLog()).toEqual([CORRUPTED]);
  });

  test('end before they are whole end the connection, whatever is expected', () => {
    const { given, takeLog, receive } = deliveryWith('unlikely');
    receive(WHOLE.slice(0, -1));
    expect(given).toEqual([]);
    expect(takeLog()).toEqual([raised({ type: 'socket.decodeFailed', reason: expect.any(String), cause: undefined })]);
  });
});

test('what is no dispatch is looked at without asking what is expected', () => {
  const { asked, takeLog, receive } = deliveryWith('none');
  receive('{"op":11}');
  expect(asked).toEqual([]);
  expect(takeLog()).toEqual([raised({ type: 'gateway.heartbeatAck' })]);
});

test.each([
  '{"op":0,"t":"EVENT","d":{}}',
  '{"op":0,"t":"EVENT","s":null,"d":{}}',
  '{"op":0,"t":"EVENT","s":"7","d":{}}',
])('a dispatch without a sequence is given out, and the sequence stays: %s', (text) => {
  const { given, delegate, receive } = deliveryWith('certain');
  receive(text);
  expect(given.map(({ t }) => t)).toEqual(['EVENT']);
  expect(delegate.session.sequence).toBe(null);
});

test('a dispatch without a name is counted, and given to nobody', () => {
  const { given, delegate, receive } = deliveryWith('certain');
  receive('{"op":0,"s":7,"d":{}}');
  expect(given).toEqual([]);
  expect(delegate.session.sequence).toBe(7);
});
