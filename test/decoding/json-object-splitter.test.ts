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
  ])('splits %s', (_what, pieces, objects) => {
    expect(split(...pieces)).toEqual(objects);
  });
});
