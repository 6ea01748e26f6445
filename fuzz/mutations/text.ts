/** Changes to the JSON text of a message. Some leave it valid; the reference client decides. */
import type { SeededRandom } from '../../src/testing/seeded-random.ts';

export type TextMutation = (random: SeededRandom, message: Buffer) => Buffer;

const STRUCTURE = Buffer.from('{}[],:"\\');
const ODD_SEQUENCES = ['"7"', 'null', '1e999', '1.5', '-4', '-0', '9007199254740993', '{}', '[1]', 'true', '1e2', '07'];
const ODD_NAMES = ['null', '5', '"__proto__"', '"constructor"', '""', '"a b"', '"MESSAGE_CREATE\\u0000"', '[]', '"é"'];
const ODD_OPS = ['"0"', '1', '11', '1e9', 'null', '-0', '0.0', '0e5', '00', '[0]', '3', '12'];
const ODD_VALUES = [
  '1e999',
  '-0',
  '1E-999',
  '"\\ud800"',
  '"\\u0000"',
  '"\\/"',
  '{"__proto__":1}',
  '[[],[[]]]',
  '01',
  "'a'",
  'NaN',
  'tru',
  '+1',
  '.5',
  '1.',
  '"\t"',
  '"\\x"',
  '[,]',
  '[1,]',
  '{"a":1,}',
  '{,}',
  '{"a"}',
  '{1:2}',
];
const INVALID_UTF8 = [[0xff], [0xc0, 0x80], [0xe2, 0x82], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80], [0x80]];
const SPACE = [' ', '\n', '\t', '\r\n', '\u00a0', '\ufeff', '\v'];

const splice = (message: Buffer, at: number, removed: number, added: Buffer | string): Buffer =>
  Buffer.concat([
    message.subarray(0, at),
    typeof added === 'string' ? Buffer.from(added) : added,
    message.subarray(at + removed),
  ]);

/** Returns the place of one of the characters that JSON is built of; any place if there is no such character. */
function structuralPlace(random: SeededRandom, message: Buffer): number {
  const start = random.below(message.length);
  for (let step = 0; step < message.length; step += 1) {
    const at = (start + step) % message.length;
    if (STRUCTURE.includes(message[at] ?? 0)) return at;
  }
  return start;
}

const replaceField = (message: Buffer, field: RegExp, value: string): Buffer => {
  const text = message.toString('latin1');
  const match = field.exec(text);
  return match === null ? message : splice(message, match.index, match[0].length, value);
};

/** Puts a value in the place of a random one, or at the beginning of a list or object. */
function withValue(random: SeededRandom, message: Buffer, value: string): Buffer {
  const text = message.toString('latin1');
  const places = [...text.matchAll(/[[:,](?=["\d[{tfn-])/g)];
  const place = places.length === 0 ? undefined : random.pick(places);
  if (place === undefined) return message;
  const at = place.index + 1;
  return random.chance(0.5)
    ? splice(message, at, 0, `${value},`)
    : splice(message, at, /^(?:"[^"]*"|[\w.+-]+)/.exec(text.slice(at))?.[0].length ?? 0, value);
}

const nested = (depth: number, [open, close]: readonly [string, string]): string =>
  open.repeat(depth) + (open.endsWith(':') ? '0' : '') + close.repeat(depth);

export const TEXT_MUTATIONS = {
  truncate: (random, message) => message.subarray(0, random.below(message.length)),
  cutTail: (random, message) => message.subarray(0, message.length - random.int(1, Math.min(8, message.length))),
  flipBit: (random, message) => {
    const copy = Buffer.from(message);
    const at = random.below(copy.length);
    copy[at] = (copy[at] ?? 0) ^ (1 << random.below(8));
    return copy;
  },
  removeStructure: (random, message) => splice(message, structuralPlace(random, message), 1, ''),
  addStructure: (random, message) =>
    splice(
      message,
      structuralPlace(random, message) + random.int(0, 1),
      0,
      STRUCTURE.subarray(random.below(8)).subarray(0, 1),
    ),
  swapStructure: (random, message) =>
    splice(message, structuralPlace(random, message), 1, STRUCTURE.subarray(random.below(8)).subarray(0, 1)),
  removeRun: (random, message) => splice(message, random.below(message.length), random.magnitude(1, 1_000), ''),
  repeatRun: (random, message) => {
    const at = random.below(message.length);
    return splice(message, at, 0, message.subarray(at, at + random.magnitude(1, 1_000)));
  },
  invalidUtf8: (random, message) =>
    splice(message, random.below(message.length), random.int(0, 1), Buffer.from(random.pick(INVALID_UTF8))),
  space: (random, message) =>
    splice(message, structuralPlace(random, message) + random.int(0, 1), 0, random.pick(SPACE)),
  nul: (random, message) => splice(message, random.below(message.length + 1), 0, '\0'),
  byteOrderMark: (_, message) => splice(message, 0, 0, '\ufeff'),
  oddSequence: (random, message) => replaceField(message, /(?<="s":)\d+/, random.pick(ODD_SEQUENCES)),
  lowerSequence: (random, message) => replaceField(message, /(?<="s":)\d+/, String(random.int(0, 5))),
  higherSequence: (random, message) =>
    replaceField(message, /(?<="s":)\d+/, String(random.magnitude(1_000, 1e15) + random.below(1_000))),
  noSequence: (_, message) => replaceField(message, /"s":\d+,/, ''),
  oddName: (random, message) => replaceField(message, /(?<="t":)"\w*"/, random.pick(ODD_NAMES)),
  longName: (random, message) =>
    replaceField(message, /(?<="t":)"\w*"/, `"${'A'.repeat(random.magnitude(100, 100_000))}"`),
  /** Found late, by who reads the data, in a fault that quotes the name. */
  longNameBroken: (random, message) =>
    Buffer.from(
      message
        .toString('latin1')
        .replace(/"t":"\w*"/, () => `"t":"${'A'.repeat(random.magnitude(300, 100_000))}"`)
        .replace(/"d":.*$/s, () => '"d":{"a":1,}}'),
      'latin1',
    ),
  escapedName: (_, message) => replaceField(message, /(?<="t":")\w/, '\\u0046'),
  noName: (_, message) => replaceField(message, /"t":"\w*",/, ''),
  oddOpcode: (random, message) => replaceField(message, /(?<="op":)0/, random.pick(ODD_OPS)),
  noOpcode: (_, message) => replaceField(message, /"op":0,/, ''),
  duplicateField: (random, message) =>
    splice(
      message,
      1,
      0,
      `${random.pick(['"t":"FUZZ_1"', '"s":3', '"op":0', '"op":11', '"d":{}', '"d":[1]', '"__proto__":{"t":"X"}', '"\\u0074":"FUZZ_2"'])},`,
    ),
  fieldAtEnd: (random, message) =>
    splice(
      message,
      message.length - 1,
      0,
      `,${random.pick(['"t":"FUZZ_1"', '"s":3', '"op":0', '"d":null', '"x":{}', '"d":{"late":1}'])}`,
    ),
  duplicateInData: (random, message) =>
    replaceField(
      message,
      /(?<="d":\{)/,
      random.pick(['"a":0,', '"members":[{"x":1}],', '"channels":[[0]],', '"":{},', '"d":{"op":0},']),
    ),
  oddData: (random, message) =>
    Buffer.from(
      message
        .toString('latin1')
        .replace(
          /"d":.*$/s,
          () => `"d":${random.pick(['null', '[1]', '"x"', '0', '{}', '{"a":1,}', '{"a"}', '[]}'])}}`,
        ),
      'latin1',
    ),
  oddValue: (random, message) => withValue(random, message, random.pick(ODD_VALUES)),
  hugeNumber: (random, message) =>
    withValue(random, message, `${random.pick(['-', ''])}${'9'.repeat(random.magnitude(10, 5_000))}`),
  largeString: (random, message) =>
    withValue(
      random,
      message,
      `"${random.pick(['x', 'é', '\\n', '\\"', ']']).repeat(random.magnitude(1_000, 100_000))}"`,
    ),
  manyEscapes: (random, message) => withValue(random, message, `"${'\\'.repeat(random.magnitude(1, 2_000))}"`),
  deep: (random, message) =>
    withValue(
      random,
      message,
      nested(
        random.magnitude(100, 20_000),
        random.pick([
          ['[', ']'],
          ['{"a":', '}'],
        ] as const),
      ),
    ),
  deepUnclosed: (random, message) => withValue(random, message, '['.repeat(random.magnitude(10, 20_000))),
  intoArray: (_, message) => Buffer.concat([Buffer.from('['), message, Buffer.from(']')]),
  twice: (_, message) => Buffer.concat([message, message]),
  notAnObject: (random) =>
    Buffer.from(
      random.pick(['null', '0', '"x"', '[]', '', ' ', '{}', 'true', '{"op":0}', 'undefined', '{', '}', '[}']),
    ),
} satisfies Record<string, TextMutation>;

export type TextMutationName = keyof typeof TEXT_MUTATIONS;
export const TEXT_MUTATION_NAMES = Object.keys(TEXT_MUTATIONS) as TextMutationName[];
