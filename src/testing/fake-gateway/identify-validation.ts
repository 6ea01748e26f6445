/**
 * Validates IDENTIFY by a table of checks. Each check has the close code that Discord uses.
 * @see https://discord.com/developers/docs/events/gateway-events#identify
 */
import { isObject } from '../../protocol/validation.ts';
import type { Fields } from '../../protocol/validation.ts';
import { Intents } from '../../protocol/intents.ts';
import type { RejectCode } from './close-codes.ts';
import { acceptsToken } from './options.ts';
import type { Settings } from './options.ts';
import type { ShardKey } from './sessions.ts';

/** An IDENTIFY that passed all checks. */
export interface ValidIdentify {
  readonly shard: ShardKey;
  readonly intents: number;
  readonly compress: boolean;
  readonly presence: unknown;
}

export interface IdentifyRejection {
  readonly code: RejectCode;
  readonly what: string;
}

interface Check {
  readonly code: RejectCode;
  readonly what: string;
  readonly fails: (d: Fields, settings: Settings) => boolean;
}

const KNOWN_INTENTS = Object.values(Intents).reduce((bits, bit) => bits | bit, 0);

const isIntents = (value: unknown): value is number =>
  typeof value === 'number' &&
  Number.isInteger(value) &&
  value >= 0 &&
  value <= KNOWN_INTENTS &&
  (value & ~KNOWN_INTENTS) === 0;

const isShardKey = (value: unknown): value is ShardKey =>
  Array.isArray(value) &&
  value.length === 2 &&
  value.every((part) => Number.isInteger(part) && part >= 0) &&
  value[0] < value[1];

const isThreshold = (value: unknown): boolean => Number.isInteger(value) && Number(value) >= 50 && Number(value) <= 250;

/** The first check that fails decides. */
const CHECKS: readonly Check[] = [
  { code: 4004, what: 'IDENTIFY has a wrong token', fails: (d, settings) => !acceptsToken(settings, d['token']) },
  { code: 4002, what: 'IDENTIFY has no properties', fails: (d) => !isObject(d['properties']) },
  {
    code: 4002,
    what: 'IDENTIFY has a large_threshold that is not an integer from 50 to 250',
    fails: (d) => d['large_threshold'] !== undefined && !isThreshold(d['large_threshold']),
  },
  {
    code: 4013,
    what: 'IDENTIFY has intents that are not a bit field of known intents',
    fails: (d) => !isIntents(d['intents']),
  },
  {
    code: 4014,
    what: 'IDENTIFY asks for intents that the bot is not allowed',
    fails: (d, { disallowedIntents }) => (Number(d['intents']) & disallowedIntents) !== 0,
  },
  {
    code: 4010,
    what: 'IDENTIFY has a shard that is not [id, count] with id below count',
    fails: (d) => d['shard'] !== undefined && !isShardKey(d['shard']),
  },
  {
    code: 4011,
    what: 'IDENTIFY has no shard, but sharding is required',
    fails: (d, { shards }) => shards > 1 && d['shard'] === undefined,
  },
  {
    code: 4010,
    what: 'IDENTIFY has a shard count that is not a multiple of the recommended count',
    fails: (d, { shards }) => shards > 1 && isShardKey(d['shard']) && d['shard'][1] % shards !== 0,
  },
];

export function validateIdentify(d: unknown, settings: Settings): ValidIdentify | IdentifyRejection {
  if (!isObject(d)) return { code: 4002, what: 'the d of IDENTIFY is not an object' };
  const failed = CHECKS.find(({ fails }) => fails(d, settings));
  if (failed !== undefined) return failed;
  return {
    shard: isShardKey(d['shard']) ? [d['shard'][0], d['shard'][1]] : [0, 1],
    intents: Number(d['intents']),
    compress: d['compress'] === true,
    presence: d['presence'],
  };
}
