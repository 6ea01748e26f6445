/** What a gateway should not send, but could: data and sequences of undocumented types. */
import type { Compression } from '../src/protocol/gateway-url.ts';
import type { SeededRandom } from '../src/testing/seeded-random.ts';
import type { GatewayConnection } from './gateway-connection.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Values of every type, for a field that should have another. */
const ODD_VALUES: readonly unknown[] = [null, undefined, true, 0, -1, 1.5, 1e300, '', 'odd', [], [null, 7, [{}]], {}];

/** Replaces some fields. @param values - of some fields, what they may become */
function withOddFields(
  fields: Fields,
  random: SeededRandom,
  values: Readonly<Record<string, readonly unknown[]>>,
): Fields {
  const names = Object.keys(values);
  const changed = Object.fromEntries(
    Array.from({ length: random.int(1, 3) }, () => {
      const name = random.pick(names);
      return [name, random.pick(values[name] ?? ODD_VALUES)];
    }),
  );
  return { ...fields, ...changed };
}

const ODD_RESUME_URLS: readonly unknown[] = [
  ...ODD_VALUES,
  'resume-1.sim',
  'https://resume-1.sim',
  'ws://resume-1.sim',
  'wss://user:secret@resume-1.sim',
  'wss://resume-1.sim/#fragment',
  `wss://resume-1.sim/${'x'.repeat(3_000)}`,
];

/** @param hasGuilds - whether nothing depends on the guilds, so that they may be odd too */
export const oddReady = (ready: Fields, random: SeededRandom, hasGuilds: boolean): Fields =>
  withOddFields(ready, random, {
    resume_gateway_url: ODD_RESUME_URLS,
    v: ODD_VALUES,
    user: ODD_VALUES,
    application: ODD_VALUES,
    shard: ODD_VALUES,
    ...(hasGuilds ? { guilds: ODD_VALUES } : {}),
  });

export const oddChunk = (chunk: Fields, random: SeededRandom): Fields =>
  withOddFields(chunk, random, {
    guild_id: ODD_VALUES,
    members: ODD_VALUES,
    chunk_index: ODD_VALUES,
    chunk_count: ODD_VALUES,
    not_found: ODD_VALUES,
    presences: ODD_VALUES,
    nonce: ODD_VALUES,
  });

export const oddRateLimit = (limit: Fields, random: SeededRandom): Fields =>
  withOddFields(limit, random, {
    opcode: [...ODD_VALUES, '8', 4],
    retry_after: [...ODD_VALUES, '1', 1e12],
    meta: [...ODD_VALUES, { nonce: 7, guild_id: null }],
  });

/** The dispatches that the library reads itself, and one that it does not. */
const READ_BY_LIBRARY = ['GUILD_MEMBERS_CHUNK', 'RATE_LIMITED', 'MESSAGE_CREATE'] as const;

/** Dispatches data that belongs to no request. Returns the event name and the data. */
export function dispatchOddData({ session, random }: GatewayConnection): string {
  const t = random.pick(READ_BY_LIBRARY);
  const d = random.chance(0.5) ? random.pick(ODD_VALUES) : oddChunk(oddRateLimit({}, random), random);
  session?.dispatchOdd(t, d ?? null);
  return `${t} ${JSON.stringify(d)}`;
}

/**
 * What follows `"d":` in a message that is no JSON, though its sequence can be read. In a stream that is
 * compressed, a message without its last bracket would swallow the messages after it.
 */
const POISON = ['{"a":nul}}', '[1,]}', '{"text":"\\x"}}', '{,}}', '{"a":1', '"unended}'] as const;
const BALANCED = POISON.slice(0, 4);

export function dispatchPoison({ session, random }: GatewayConnection, compression: Compression): string {
  const t = random.pick([...READ_BY_LIBRARY, 'POISON']);
  const data = random.pick(compression.endsWith('stream') ? BALANCED : POISON);
  session?.dispatchPoison(t, data);
  return `${t} ${data}`;
}

/** Values of `s` that are no sequence. */
const NO_SEQUENCES: readonly unknown[] = ['7', '', -1, 1.5, 2 ** 53, 1e300, true, null, [3], {}];

/**
 * Sends a dispatch that no session logs, so that no replay repeats it. Its `s` is no sequence, or one that the shard has
 * received. `d.odd` identifies it in checks.
 */
export function sendOddSequence(connection: GatewayConnection, id: number): string {
  const { random, session, sentSequence } = connection;
  const repeated = session?.log.find((dispatch) => dispatch.s <= sentSequence && dispatch.poison === undefined);
  const s = repeated !== undefined && random.chance(0.4) ? repeated.s : random.pick(NO_SEQUENCES);
  connection.send({ op: 0, t: 'ODD', s: s as number, d: { odd: id } });
  return JSON.stringify(s);
}
