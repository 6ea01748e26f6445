import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { LazyDispatch } from '../../src/decoding/lazy-dispatch.ts';
import type { GatewayError } from '../../src/protocol/errors.ts';

const PLAIN = { t: 'MESSAGE_CREATE', s: 3, op: 0, d: { content: 'été 🎉', tags: [1, null] } };
const TEXT = JSON.stringify(PLAIN);

/** A dispatch in a shared buffer, and the calls to its observer. */
function received(text = TEXT, form: 'undecoded' | 'decoded' | 'observed' = 'undecoded') {
  const calls: unknown[] = [];
  const observer = {
    onDataRead: (t: string) => void calls.push(t),
    onCorruptData: (error: GatewayError) => void calls.push(error.code),
  };
  const bytes = Buffer.from(text);
  const dispatch =
    form === 'undecoded'
      ? LazyDispatch.undecoded('MESSAGE_CREATE', 3, bytes, observer)
      : LazyDispatch.decoded(
          'MESSAGE_CREATE',
          3,
          (JSON.parse(text) as typeof PLAIN).d,
          bytes,
          form === 'observed' ? observer : null,
        );
  /** Ends the delivery: the buffer gets other content. */
  const endDelivery = (): void => {
    dispatch.releaseBuffer();
    bytes.fill(0x20);
  };
  return { dispatch, calls, endDelivery };
}

const FORMS = ['undecoded', 'decoded', 'observed'] as const;

describe.each(FORMS)('LazyDispatch, received %s', (form) => {
  test.each([
    ['Object.keys', (dispatch: object) => Object.keys(dispatch).toSorted(), ['d', 'op', 's', 't']],
    ['JSON', (dispatch: object) => JSON.parse(JSON.stringify(dispatch)) as unknown, PLAIN],
    ['structuredClone', (dispatch: object) => structuredClone(dispatch), PLAIN],
    ['spread', (dispatch: object) => ({ ...dispatch }), PLAIN],
    ['Object.assign', (dispatch: object) => Object.assign({}, dispatch), PLAIN],
    [
      'for in',
      (dispatch: object) => {
        const all: string[] = [];
        for (const key in dispatch) all.push(key);
        return all.toSorted();
      },
      ['d', 'op', 's', 't'],
    ],
    ['util.inspect', (dispatch: object) => inspect(dispatch), inspect(PLAIN)],
    [
      'hasOwn',
      (dispatch: object) => [Object.hasOwn(dispatch, 'd'), 'd' in dispatch, Object.hasOwn(dispatch, 'raw')],
      [true, true, false],
    ],
  ])('looks like a plain object to %s, during its delivery and after', (_what, look, expected) => {
    const early = received(TEXT, form);
    expect(look(early.dispatch)).toEqual(expected);
    const late = received(TEXT, form);
    late.endDelivery();
    expect(look(late.dispatch)).toEqual(expected);
    early.endDelivery();
    expect(look(early.dispatch)).toEqual(expected);
  });

  test('transfers its bytes, and then has no data of its own', () => {
    const { dispatch } = received(TEXT, form);
    expect(String(LazyDispatch.transferRaw(dispatch))).toBe(TEXT);
    dispatch.releaseBuffer();
    expect(dispatch.d).toEqual(form === 'undecoded' ? undefined : PLAIN.d);
  });

  test('equals a plain object', () => {
    expect(received(TEXT, form).dispatch).toEqual(PLAIN);
    expect([received(TEXT, form).dispatch]).toMatchObject([{ d: { tags: [1, null] } }]);
  });

  test('returns the same value of d at each read', () => {
    const { dispatch } = received(TEXT, form);
    expect(dispatch.d).toBe(dispatch.d);
  });

  test('returns the packet as raw bytes of its own, during its delivery and after', () => {
    const { dispatch, endDelivery } = received(TEXT, form);
    const { raw } = dispatch;
    endDelivery();
    expect(Buffer.from(raw).toString()).toBe(TEXT);
    expect(dispatch.raw).toBe(raw);
    const late = received(TEXT, form);
    late.endDelivery();
    expect(JSON.parse(Buffer.from(late.dispatch.raw).toString())).toEqual(PLAIN);
    const read = received(TEXT, form);
    expect(read.dispatch.d).toEqual(PLAIN.d);
    read.endDelivery();
    expect(JSON.parse(Buffer.from(read.dispatch.raw).toString())).toEqual(PLAIN);
  });
});

describe('LazyDispatch', () => {
  test.each([
    ['small', 'été 🎉'],
    ['large', 'été 🎉'.repeat(1_000)],
  ])('keeps the original bytes and the data of a %s unread dispatch after its delivery', (_size, name) => {
    const text = `{"op":0,"s":3,"t":"MESSAGE_CREATE","d":{"n":1.0,"name":"${name}"}}`;
    const { dispatch, endDelivery } = received(text);
    endDelivery();
    expect(Buffer.from(dispatch.raw).toString()).toBe(text);
    dispatch.raw.fill(0x20);
    expect(dispatch.d).toEqual({ n: 1, name });
  });

  test('keeps bytes of an unread dispatch that are not UTF-8', () => {
    const bytes = Buffer.concat([
      Buffer.from('{"t":"A","s":1,"op":0,"d":{"a":"'),
      Buffer.from([0xff, 0xc3]),
      Buffer.from('"}}'),
    ]);
    const dispatch = LazyDispatch.undecoded('A', 1, Buffer.from(bytes), {
      onDataRead: () => undefined,
      onCorruptData: () => undefined,
    });
    dispatch.releaseBuffer();
    expect(Buffer.from(dispatch.raw)).toEqual(bytes);
    expect(dispatch.d).toEqual({ a: '\uFFFD\uFFFD' });
  });

  test('reports to its observer that d was read', () => {
    const callsByForm = FORMS.map((form) => {
      const { dispatch, calls } = received(TEXT, form);
      void dispatch.d;
      return calls;
    });
    expect(callsByForm).toEqual([['MESSAGE_CREATE'], [], ['MESSAGE_CREATE']]);
  });

  test('throws DECODE_FAILED at each read of data that is not JSON, and reports it once', () => {
    const { dispatch, calls, endDelivery } = received('{"t":"MESSAGE_CREATE","s":3,"op":0,"d":{"a":nul}}');
    expect(() => dispatch.d).toThrow(expect.objectContaining({ code: 'DECODE_FAILED' }));
    endDelivery();
    expect(() => dispatch.d).toThrow(expect.objectContaining({ code: 'DECODE_FAILED' }));
    expect(calls.filter((call) => call === 'DECODE_FAILED')).toHaveLength(1);
    expect(inspect(dispatch)).toBe("{ t: 'MESSAGE_CREATE', s: 3, op: 0 }");
  });
});
