import { describe, expect, test } from 'vitest';
import { JsonObjectSplitter } from '../../src/decoding/json-object-splitter.ts';

const split = (...pieces: string[]): string[] => {
  const splitter = new JsonObjectSplitter();
  return pieces.flatMap((piece) => [...splitter.push(Buffer.from(piece))].map(String));
};

describe('JsonObjectSplitter', () => {
  test.each([
    ['two objects in one piece', ['{"a":1}{"b":[2]}'], ['{"a":1}', '{"b":[2]}']],
    ['one object in several pieces', ['{"a', '":', '1}'], ['{"a":1}']],
    ['objects with brackets in strings', ['{"a":"}{]["}{"b":2}'], ['{"a":"}{]["}', '{"b":2}']],
    [
      'objects with quotes in strings',
      [String.raw`{"a":"\"}"}{"b":"\\"}`],
      [String.raw`{"a":"\"}"}`, String.raw`{"b":"\\"}`],
    ],
    ['objects with empty strings', ['{"":1}{"":""}'], ['{"":1}', '{"":""}']],
    ['an escaped quote whose backslash is in another piece', ['{"a":"\\', '"}"}{}'], [String.raw`{"a":"\"}"}`, '{}']],
    ['an object after a bracket too many', ['}{"a":[1]}'], ['}', '{"a":[1]}']],
  ])('splits %s', (_what, pieces, objects) => {
    expect(split(...pieces)).toEqual(objects);
  });

  test('counts the bytes of the object that is not complete', () => {
    const splitter = new JsonObjectSplitter();
    expect([...splitter.push(Buffer.from('{}{"a'))].map(String)).toEqual(['{}']);
    expect(splitter.pendingBytes).toBe(3);
    expect([...splitter.push(Buffer.from('":1}'))].map(String)).toEqual(['{"a":1}']);
    expect(splitter.pendingBytes).toBe(0);
  });
});
