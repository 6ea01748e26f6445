/** Dispatches from a thread are read as those of a connection of this thread. */
import { describe, expect, test } from 'vitest';
import { DispatchReader } from '../../../../src/manager/workers/main/dispatch-reader.ts';

const read = (text: string, sequence: number | null): unknown => {
  const failures: string[] = [];
  const dispatch = new DispatchReader((error) => failures.push(error.message)).read(Buffer.from(text), sequence);
  expect(failures).toEqual([]);
  return dispatch === null ? null : { t: dispatch.t, s: dispatch.s, d: dispatch.d };
};

describe('DispatchReader', () => {
  test.each(['"7"', 'null', '1.5', '-4', '1e999', '{}'])('leaves out %s, which is not a sequence', (s) => {
    expect(read(`{"t":"EVENT","s":${s},"op":0,"d":{"a":1}}`, null)).toEqual({ t: 'EVENT', s: null, d: { a: 1 } });
  });

  test('leaves out a sequence that is missing', () => {
    expect(read('{"t":"EVENT","op":0,"d":{"a":1}}', null)).toEqual({ t: 'EVENT', s: null, d: { a: 1 } });
  });

  test.each([
    ['the event name', '{"t":"EVENT","s":2,"op":0,"d":{"a":1},"t":"OTHER"}', { t: 'OTHER', s: 2, d: { a: 1 } }],
    ['the data', '{"t":"EVENT","s":2,"op":0,"d":{"a":1},"d":{"b":2}}', { t: 'EVENT', s: 2, d: { b: 2 } }],
    ['the sequence', '{"t":"EVENT","s":2,"op":0,"d":{"a":1},"s":3}', { t: 'EVENT', s: 3, d: { a: 1 } }],
  ])('takes %s from the last field of that name, as JSON.parse does', (_, text, expected) => {
    expect(read(text, expected.s)).toEqual(expected);
  });
});
