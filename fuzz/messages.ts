/** Valid dispatches, in the forms and sizes that Discord sends. */
import type { SeededRandom } from '../src/testing/seeded-random.ts';

/** The events that the bots of the fuzzer may listen to by name. */
export const EVENT_NAMES = [
  'MESSAGE_CREATE',
  'GUILD_CREATE',
  'PRESENCE_UPDATE',
  'TYPING_START',
  'FUZZ_1',
  // The shard reads these for itself.
  'GUILD_MEMBERS_CHUNK',
  'RATE_LIMITED',
] as const;

const TEXTS = [
  '',
  'raid',
  '\\"}{[',
  'été 日本 🎉',
  '\u2028',
  '\u0000',
  '\\',
  '\ud800',
  'x'.repeat(300),
  '],[',
  '{"op":1}',
];
const NUMBERS = [0, -0, 1, -1, 1.5, 1e21, 2 ** 53, 5e-324, 41_250];

function leafOf(random: SeededRandom): unknown {
  if (random.chance(0.5)) return random.pick(TEXTS);
  return random.chance(0.6) ? random.pick(NUMBERS) : random.pick([null, true, false, [], {}]);
}

function valueOf(random: SeededRandom, depth: number): unknown {
  if (depth === 0 || random.chance(0.4)) return leafOf(random);
  const values = Array.from({ length: random.int(0, 4) }, () => valueOf(random, depth - 1));
  return random.chance(0.5) ? values : Object.fromEntries(values.map((value, index) => [`k${index}`, value]));
}

/** Lists that are long enough to be parsed in chunks. */
const largeData = (random: SeededRandom): object => ({
  id: String(random.int(1, 1e9)),
  members: Array.from({ length: random.int(300, 1_500) }, (_, index) => ({
    user: { id: String(index), username: random.pick(TEXTS) },
    roles: [random.pick(TEXTS)],
    joined_at: index,
  })),
  channels: Array.from({ length: random.int(0, 400) }, (_, index) => [index, { name: random.pick(TEXTS) }]),
  presences: [],
});

const dataOf = (random: SeededRandom): unknown => {
  const kind = random.weighted({ tree: 8, large: 1, deep: 0.3 });
  if (kind === 'large') return largeData(random);
  return { a: valueOf(random, kind === 'deep' ? 30 : 4), b: leafOf(random) };
};

/** Values that are not JSON, although their brackets and quotes match. */
const NOT_JSON = [
  '01',
  '+1',
  '.5',
  '1.',
  '1 2',
  'NaN',
  'tru',
  "'a'",
  '"a" "b"',
  '"\\x"',
  '"\t"',
  '\u00a01',
  '[,]',
  '[1,]',
  '{,}',
  '{"a":1,}',
  '{"a"}',
  '{1:2}',
];

/** Returns the data of a dispatch as text that is not JSON, although its brackets and quotes match. */
export function brokenDataText(random: SeededRandom): string {
  const broken = random.pick(NOT_JSON);
  if (random.chance(0.7)) return `{"a":${JSON.stringify(valueOf(random, 3))},"b":${broken},"c":[]}`;
  const members = Array.from({ length: random.int(300, 1_500) }, (_, index) => `{"user":{"id":"${index}"}}`);
  return `{"id":"1","members":[${members.toSpliced(random.below(members.length), 1, broken).join(',')}],"channels":[]}`;
}

/** Messages in which a client finds no sequence, so that it can't skip them. */
export const UNREADABLE = [
  'this is no JSON',
  'null',
  '0',
  '"x"',
  '}{',
  '[}',
  '{"op":0,"s":01,"t":"FUZZ_1","d":{}}',
  '{"op":0,"t":"FUZZ_1","d":{"a":1,}}',
  '{"op":0,"t":"READY","s":null,"d":{}}',
  '{"op":0,"t":"READY","s":null,"d":{"session_id":5}}',
];

/** Returns a dispatch as JSON; mostly with the fields in the order that Discord uses. */
export function dispatchText(random: SeededRandom, s: number): string {
  const fields = [`"t":"${random.pick(EVENT_NAMES)}"`, `"s":${s}`, '"op":0'];
  const d = `"d":${JSON.stringify(dataOf(random))}`;
  return `{${random.chance(0.8) ? [...fields, d].join(',') : random.shuffled([...fields, d]).join(',')}}`;
}
