/**
 * What Discord accepts in each payload that you can send. Discord answers anything else by closing the connection
 * (4001, 4002) or by ending the session (op 9), so a wrong field is refused before it is sent.
 * @see https://discord.com/developers/docs/events/gateway-events#send-events
 */
import { Opcodes } from './opcodes.ts';
import { isCount, isObject } from './validation.ts';
import type { Fields } from './validation.ts';

interface FieldRule {
  readonly isValid: (value: unknown) => boolean;
  /** Completes the sentence "FIELD must be …". */
  readonly expected: string;
  readonly isOptional?: true;
}

type FieldRules = Readonly<Record<string, FieldRule>>;

interface PayloadRule {
  readonly fields: FieldRules;
  /** What no field alone can say. Returns the problem, or `null`. */
  readonly problemOf?: (d: Fields) => string | null;
}

export const MAX_NONCE_BYTES = 32;
/** @see https://discord.com/developers/docs/events/gateway-events#request-guild-members */
const MAX_USER_IDS = 100;

/** Returns whether `value` is an id of Discord as text. A number is not, because large ids lose their last digits. */
export const isSnowflake = (value: unknown): value is string => typeof value === 'string' && /^\d{1,20}$/.test(value);

const isSnowflakeList = (value: unknown): value is string[] =>
  Array.isArray(value) && value.length > 0 && value.every(isSnowflake);
const isText = (value: unknown): value is string => typeof value === 'string';
const isTextOrNull = (value: unknown): boolean => value === null || isText(value);

/** Returns whether `value` is a nonce that Discord sends back. */
export const isNonce = (value: unknown): value is string =>
  isText(value) && value !== '' && Buffer.byteLength(value) <= MAX_NONCE_BYTES;

const SNOWFLAKE: FieldRule = { isValid: isSnowflake, expected: 'an id as a string of digits' };
const BOOLEAN: FieldRule = { isValid: (value) => typeof value === 'boolean', expected: 'true or false' };

const STATUSES: readonly unknown[] = ['online', 'dnd', 'idle', 'invisible', 'offline'];

const ACTIVITY_FIELDS: FieldRules = {
  name: { isValid: isText, expected: 'a string' },
  type: { isValid: isCount, expected: 'an activity type such as 0 (Playing)' },
  state: { isValid: isTextOrNull, expected: 'a string or null', isOptional: true },
  url: { isValid: isTextOrNull, expected: 'a string or null', isOptional: true },
};

const PRESENCE: PayloadRule = {
  fields: {
    since: { isValid: (value) => value === null || isCount(value), expected: 'a time in ms or null' },
    activities: { isValid: Array.isArray, expected: 'an array of activities' },
    status: {
      isValid: (value) => STATUSES.includes(value),
      expected: 'online, dnd, idle, invisible or offline',
    },
    afk: BOOLEAN,
  },
  problemOf({ activities }) {
    for (const [index, activity] of (activities as unknown[]).entries()) {
      const name = `activities[${index}]`;
      if (!isObject(activity)) return `${name} must be an object`;
      const problem = fieldProblemOf(ACTIVITY_FIELDS, activity);
      if (problem !== null) return `${name}.${problem}`;
    }
    return null;
  },
};

const FIELDS_OF_A_CHANNEL: readonly unknown[] = ['status', 'voice_start_time'];

const RULES: ReadonlyMap<number, PayloadRule> = new Map<number, PayloadRule>([
  [Opcodes.PresenceUpdate, PRESENCE],
  [
    Opcodes.VoiceStateUpdate,
    {
      fields: {
        guild_id: SNOWFLAKE,
        channel_id: {
          isValid: (value) => value === null || isSnowflake(value),
          expected: 'an id as a string of digits, or null to leave',
        },
        self_mute: BOOLEAN,
        self_deaf: BOOLEAN,
      },
    },
  ],
  [
    Opcodes.RequestGuildMembers,
    {
      fields: {
        guild_id: SNOWFLAKE,
        query: { isValid: isText, expected: 'a string', isOptional: true },
        limit: { isValid: isCount, expected: 'an integer, 0 or more', isOptional: true },
        user_ids: {
          isValid: (value) => isSnowflake(value) || (isSnowflakeList(value) && value.length <= MAX_USER_IDS),
          expected: `an id, or an array of 1 to ${MAX_USER_IDS} ids, each a string of digits`,
          isOptional: true,
        },
        presences: { ...BOOLEAN, isOptional: true },
        nonce: { isValid: isNonce, expected: `a string of 1 to ${MAX_NONCE_BYTES} bytes`, isOptional: true },
      },
      problemOf({ query, limit, user_ids: userIds }) {
        if ((query === undefined) === (userIds === undefined)) return 'there must be either query or user_ids';
        return query !== undefined && limit === undefined ? 'limit must be set together with query' : null;
      },
    },
  ],
  [
    Opcodes.RequestSoundboardSounds,
    {
      fields: {
        guild_ids: { isValid: isSnowflakeList, expected: 'an array of one or more ids, each a string of digits' },
      },
    },
  ],
  [
    Opcodes.RequestChannelInfo,
    {
      fields: {
        guild_id: SNOWFLAKE,
        fields: {
          isValid: (value) =>
            Array.isArray(value) && value.length > 0 && value.every((name) => FIELDS_OF_A_CHANNEL.includes(name)),
          expected: "an array of 'status' and 'voice_start_time'",
        },
      },
    },
  ],
]);

/** Returns whether a user may send this opcode. */
export const isSendable = (op: number): boolean => RULES.has(op);

/** Returns what Discord would refuse in the data of a payload, beginning with the field's name; `null` for nothing. */
export function payloadProblemOf(op: number, d: Fields): string | null {
  const rule = RULES.get(op);
  return rule === undefined ? null : problemOf(rule, d);
}

const problemOf = ({ fields, problemOf: jointProblemOf }: PayloadRule, d: Fields): string | null =>
  fieldProblemOf(fields, d) ?? jointProblemOf?.(d) ?? null;

function fieldProblemOf(rules: FieldRules, d: Fields): string | null {
  for (const [name, { isValid, expected, isOptional }] of Object.entries(rules)) {
    const value = d[name];
    if (value === undefined ? isOptional !== true : !isValid(value)) return `${name} must be ${expected}`;
  }
  return null;
}
