/** Objects out of a run of bytes that says nothing of where they end. */
import { expect, test } from 'vitest';
import { JsonObjectSplitter } from '../../src/decoding/json-object-splitter.ts';

const split = (...pieces: string[]): string[] => {
  const splitter = new JsonObjectSplitter();
  return pieces.flatMap((piece) => [...splitter.push(Buffer.from(piece))].map(String));
};

test.each([
  ['two in one piece', ['{"a":1}{"b":[2]}'], ['{"a":1}', '{"b":[2]}']],
  ['one in pieces', ['{"a', '":', '1}'], ['{"a":1}']],
  ['brackets in text', ['{"a":"}{]["}{"b":2}'], ['{"a":"}{]["}', '{"b":2}']],
  ['quotes in text', [String.raw`{"a":"\"}"}{"b":"\\"}`], [String.raw`{"a":"\"}"}`, String.raw`{"b":"\\"}`]],
  ['text without a letter, first of all', ['{"":1}{"":""}'], ['{"":1}', '{"":""}']],
  ['a quote that its backslash came before', ['{"a":"\\', '"}"}{}'], [String.raw`{"a":"\"}"}`, '{}']],
])('%s', (_, pieces, objects) => {
  expect(split(...pieces)).toEqual(objects);
});
