import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { LazyDispatch } from '../../src/decoding/lazy-dispatch.ts';
import type { GatewayError } from '../../src/protocol/errors.ts';

const PLAIN = { t: 'MESSAGE_CREATE', s: 3, op: 0, d: { content: 'été 🎉', tags: [1, null] } };
const TEXT = JSON.stringify(PLAIN);

/** A dispatch in a buffer that others use, and what it told. */
function received(text = TEXT, form: 'undecoded' | 'decoded' | 'watched' = 'undecoded') {
  const told: unknown[] = [];
  const observer = {
    onDataRead: (t: string) => void told.push(t),
    onCorruptData: (error: GatewayError) => void told.push(error.code),
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
          form === 'watched' ? observer : null,
        );
  /** Its delivery is over, and the buffer holds something else. */
  const outlive = (): void => {
    dispatch.releaseBuffer();
    bytes.fill(0x20);
  };
  return { dispatch, told, outlive };
}

const FORMS = ['undecoded', 'decoded', 'watched'] as const;

describe.each(FORMS)('a dispatch that was received %s', (form) => {
  it.each([
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
  ])('is as a plain object to %s, in its delivery and after', (_what, look, expected) => {
    const early = received(TEXT, form);
    expect(look(early.dispatch)).toEqual(expected);
    const late = received(TEXT, form);
    late.outlive();
    expect(look(late.dispatch)).toEqual(expected);
    early.outlive();
    expect(look(early.dispatch)).toEqual(expected);
  });

  it('can be given away: then it holds nothing', () => {
    const { dispatch } = received(TEXT, form);
    expect(String(LazyDispatch.transferRaw(dispatch))).toBe(TEXT);
    dispatch.releaseBuffer();
    expect(dispatch.d).toEqual(form === 'undecoded' ? undefined : PLAIN.d);
  });

  it('equals a plain object', () => {
    expect(received(TEXT, form).dispatch).toEqual(PLAIN);
    expect([received(TEXT, form).dispatch]).toMatchObject([{ d: { tags: [1, null] } }]);
  });

  it('keeps the value of d', () => {
    const { dispatch } = received(TEXT, form);
    expect(dispatch.d).toBe(dispatch.d);
  });

  it('gives the packet as raw bytes of its own, in its delivery and after', () => {
    const { dispatch, outlive } = received(TEXT, form);
    const { raw } = dispatch;
    outlive();
    expect([Buffer.from(raw).toString(), dispatch.raw === raw]).toEqual([TEXT, true]);
    const late = received(TEXT, form);
    late.outlive();
    expect(JSON.parse(Buffer.from(late.dispatch.raw).toString())).toEqual(PLAIN);
    const read = received(TEXT, form);
    expect(read.dispatch.d).toEqual(PLAIN.d);
    read.outlive();
    expect(JSON.parse(Buffer.from(read.dispatch.raw).toString())).toEqual(PLAIN);
  });
});

describe('a dispatch', () => {
  it.each([
    ['small', 'été 🎉'],
    ['large', 'été 🎉'.repeat(1_000)],
  ])(
    'that is %s and nobody has read gives its bytes as they came, and its data, when it has outlived its delivery',
    (_size, name) => {
      const text = `{"op":0,"s":3,"t":"MESSAGE_CREATE","d":{"n":1.0,"name":"${name}"}}`;
      const { dispatch, outlive } = received(text);
      outlive();
      expect(Buffer.from(dispatch.raw).toString()).toBe(text);
      dispatch.raw.fill(0x20);
      expect(dispatch.d).toEqual({ n: 1, name });
    },
  );

  it('that nobody has read gives bytes that are no UTF-8 as they came', () => {
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
    expect([Buffer.from(dispatch.raw), dispatch.d]).toEqual([bytes, { a: '\uFFFD\uFFFD' }]);
  });

  it('tells that it was read, when it was not decoded for sure', () => {
    const told = FORMS.map((form) => {
      const kit = received(TEXT, form);
      void kit.dispatch.d;
      return kit.told;
    });
    expect(told).toEqual([['MESSAGE_CREATE'], [], ['MESSAGE_CREATE']]);
  });

  it('with data that is no JSON throws DECODE_FAILED to each who reads it, and tells so once', () => {
    const { dispatch, told, outlive } = received('{"t":"MESSAGE_CREATE","s":3,"op":0,"d":{"a":nul}}');
    expect(() => dispatch.d).toThrow(expect.objectContaining({ code: 'DECODE_FAILED' }));
    outlive();
    expect(() => dispatch.d).toThrow(expect.objectContaining({ code: 'DECODE_FAILED' }));
    expect(told.filter((what) => what === 'DECODE_FAILED')).toHaveLength(1);
    expect(inspect(dispatch)).toBe("{ t: 'MESSAGE_CREATE', s: 3, op: 0 }");
  });
});
