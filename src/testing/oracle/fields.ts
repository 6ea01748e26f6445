/**
 * Checks the fields of the packets that a client sends, by tables.
 * @see https://discord.com/developers/docs/events/gateway-events#send-events
 */
import { isCount, isObject } from '../../protocol/validation.ts';
import type { Fields } from '../../protocol/validation.ts';
import { OP } from './opcodes.ts';

/** The end of a sentence that begins with "IDENTIFY has", and when it is true. */
type Check = readonly [what: string, fails: (d: Fields, isCompressed: boolean) => boolean];

const MAX_NONCE_BYTES = 32;
const THRESHOLD = { min: 50, max: 250 } as const;

const isNonEmptyString = (value: unknown): boolean => typeof value === 'string' && value !== '';
/** Discord also takes an id as a number, or as a list of one. */
const isId = (value: unknown): boolean =>
  (typeof value === 'string' && /^\d+$/.test(value)) ||
  isCount(value) ||
  typeof value === 'bigint' ||
  (Array.isArray(value) && value.length === 1 && isId(value[0]));
const isIdList = (value: unknown): boolean => Array.isArray(value) && value.every(isId);
const isShardKey = (value: unknown): value is readonly [number, number] =>
  Array.isArray(value) && value.length === 2 && isCount(value[0]) && isCount(value[1]) && value[0] < value[1];
const hasProperties = (value: unknown): boolean =>
  isObject(value) && ['os', 'browser', 'device'].every((name) => typeof value[name] === 'string');

const IDENTIFY: readonly Check[] = [
  ['no token', ({ token }) => !isNonEmptyString(token)],
  ['intents that are not a non-negative integer', ({ intents }) => !isCount(intents)],
  ['properties that lack os, browser or device', ({ properties }) => !hasProperties(properties)],
  ['a compress that is not a boolean', ({ compress }) => compress !== undefined && typeof compress !== 'boolean'],
  [
    'payload compression on top of transport compression',
    ({ compress }, isCompressed) => compress === true && isCompressed,
  ],
  [
    'a large_threshold that is not an integer from 50 to 250',
    ({ large_threshold: threshold }) =>
      threshold !== undefined && !(isCount(threshold) && threshold >= THRESHOLD.min && threshold <= THRESHOLD.max),
  ],
  ['a shard that is not [id, count] with id below count', ({ shard }) => shard !== undefined && !isShardKey(shard)],
  ['a presence that is not an object', ({ presence }) => presence !== undefined && !isObject(presence)],
];

const RESUME: readonly Check[] = [
  ['no token', ({ token }) => !isNonEmptyString(token)],
  ['no session_id', ({ session_id: id }) => !isNonEmptyString(id)],
  ['a seq that is not a sequence', ({ seq }) => !isCount(seq)],
];

const byQuery = ({ query, limit }: Fields): boolean => typeof query === 'string' && isCount(limit);
const byUsers = ({ user_ids: ids }: Fields): boolean => isId(ids) || isIdList(ids);

const GUILD_ID: readonly Check[] = [
  ['no guild_id', ({ guild_id: id }) => id === undefined],
  ['a guild_id that is not an id', ({ guild_id: id }) => !isId(id)],
];

const COMMANDS: ReadonlyMap<number, readonly Check[]> = new Map<number, readonly Check[]>([
  [OP.voiceState, GUILD_ID],
  [
    OP.members,
    [
      ...GUILD_ID,
      ['neither query and limit nor user_ids', (d) => !byQuery(d) && !byUsers(d)],
      [
        'a nonce of more than 32 bytes',
        ({ nonce }) => typeof nonce === 'string' && Buffer.byteLength(nonce) > MAX_NONCE_BYTES,
      ],
    ],
  ],
  [
    OP.sounds,
    [
      ['no guild_ids', ({ guild_ids: ids }) => ids === undefined],
      ['guild_ids that are not a list of ids', ({ guild_ids: ids }) => !isIdList(ids)],
    ],
  ],
  [OP.channelInfo, [...GUILD_ID, ['no fields', ({ fields }) => !Array.isArray(fields)]]],
]);

const failure = (checks: readonly Check[], d: unknown, isCompressed: boolean): string | null => {
  if (!isObject(d)) return 'a d that is not an object';
  for (const [what, fails] of checks) if (fails(d, isCompressed)) return what;
  return null;
};

/** Returns what is wrong with an IDENTIFY; `null` if it is valid. */
export const identifyFailure = (d: unknown, isCompressed: boolean): string | null => failure(IDENTIFY, d, isCompressed);

/** Returns what is wrong with a RESUME; `null` if it is valid. */
export const resumeFailure = (d: unknown): string | null => failure(RESUME, d, false);

/** Returns what is wrong with a command; `null` if it is valid. */
export const commandFailure = (op: number, d: unknown): string | null => failure(COMMANDS.get(op) ?? [], d, false);

/** Returns the shard id of an IDENTIFY; 0 if it has none. */
export const shardIdOf = ({ shard }: Fields): number => (isShardKey(shard) ? shard[0] : 0);
