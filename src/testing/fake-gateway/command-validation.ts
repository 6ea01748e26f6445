/**
 * Says what Discord does with each command: it takes it, takes it although it is not as documented, ignores it, or
 * closes the connection with 4002.
 * @see https://discord.com/developers/docs/events/gateway-events#send-events
 */
import { Opcodes, opcodeName } from '../../protocol/opcodes.ts';
import { isCount, isObject } from '../../protocol/validation.ts';
import type { Fields } from '../../protocol/validation.ts';

/** What is wrong with a command. */
interface Judgement {
  /** Why the gateway closes with 4002; `null` if it takes the command. */
  refusal: string | null;
  /** What differs from the documentation, though Discord takes it. */
  readonly notes: string[];
  /** Whether Discord never answers. */
  ignored: boolean;
}

export interface JudgedCommand extends Readonly<Judgement> {
  /** The data as the gateway understands it: ids are strings. */
  readonly d: Fields;
}

type Rule = (d: Fields, judgement: Judgement) => Fields | void;

const MAX_USER_IDS = 100;
const MAX_NONCE_BYTES = 32;
/** What Discord takes the fields to be that it does not require in IDENTIFY. */
const UNSET_PRESENCE: Fields = { since: null, afk: false };
const STATUSES: readonly unknown[] = ['online', 'dnd', 'idle', 'invisible', 'offline'];

const isNumericId = (value: unknown): boolean => isCount(value) || typeof value === 'bigint';

const refuse = (judgement: Judgement, what: string): void => void (judgement.refusal ??= what);

/** Clients of others send an id as a number, or as a list of one. Discord takes both. */
function idFrom(name: string, value: unknown, judgement: Judgement): unknown {
  const single: unknown = Array.isArray(value) && value.length === 1 ? value[0] : value;
  if (single !== value) judgement.notes.push(`${name} is a list of one`);
  if (isNumericId(single)) judgement.notes.push(`${name} is a number; large ids lose digits in numbers`);
  const id = isNumericId(single) ? String(single) : single;
  if (typeof id === 'string' && /^\d+$/.test(id)) return id;
  refuse(judgement, value === undefined ? `${name} is missing` : `${name} is not an id`);
  return undefined;
}

function idsFrom(name: string, value: unknown, judgement: Judgement): unknown[] {
  if (Array.isArray(value) && value.length > 0) return value.map((id) => idFrom(`an id in ${name}`, id, judgement));
  refuse(judgement, value === undefined ? `${name} is missing` : `${name} is not a list of ids`);
  return [];
}

function requireFields(
  d: Fields,
  judgement: Judgement,
  types: Readonly<Record<string, (value: unknown) => boolean>>,
): void {
  for (const [name, isValid] of Object.entries(types)) {
    if (d[name] === undefined) refuse(judgement, `${name} is missing`);
    else if (!isValid(d[name])) refuse(judgement, `${name} has a wrong type or value`);
  }
}

const isBoolean = (value: unknown): boolean => typeof value === 'boolean';

/** @see https://discord.com/developers/docs/events/gateway-events#update-presence */
const presence: Rule = (d, judgement) => {
  requireFields(d, judgement, {
    since: (value) => value === null || typeof value === 'number',
    activities: (value) => value === null || Array.isArray(value),
    status: (value) => STATUSES.includes(value),
    afk: isBoolean,
  });
  const { activities } = d;
  if (activities === null) judgement.notes.push('activities is null; no activities are an empty list');
  for (const activity of Array.isArray(activities) ? activities : []) {
    if (!isObject(activity) || typeof activity['name'] !== 'string') refuse(judgement, 'an activity has no name');
    else if (!isCount(activity['type'])) refuse(judgement, 'an activity has no type');
  }
};

/**
 * Discord takes an IDENTIFY whose presence has no `since` or `afk`, as Oceanic and Eris send it. It refuses the same in
 * Update Presence.
 * @see https://github.com/abalabahaha/eris/issues/219
 */
const firstPresence: Rule = (d, judgement) => {
  const missing = Object.keys(UNSET_PRESENCE).filter((name) => d[name] === undefined);
  for (const name of missing) judgement.notes.push(`${name} is missing, which Discord takes only here`);
  presence({ ...d, ...Object.fromEntries(missing.map((name) => [name, UNSET_PRESENCE[name]])) }, judgement);
};

/** @see https://discord.com/developers/docs/events/gateway-events#update-voice-state */
const voiceState: Rule = (d, judgement) => {
  const guildId = idFrom('guild_id', d['guild_id'], judgement);
  const channelId = d['channel_id'] === null ? null : idFrom('channel_id', d['channel_id'], judgement);
  requireFields(d, judgement, { self_mute: isBoolean, self_deaf: isBoolean });
  return { ...d, guild_id: guildId, channel_id: channelId };
};

/** @see https://discord.com/developers/docs/events/gateway-events#request-guild-members */
const members: Rule = (d, judgement) => {
  const { query, limit, user_ids: userIds, presences, nonce } = d;
  const guildId = idFrom('guild_id', d['guild_id'], judgement);
  const ids = userIds === undefined || Array.isArray(userIds) ? userIds : [userIds];
  if (query === undefined && ids === undefined) refuse(judgement, 'query and user_ids are missing');
  if (query !== undefined && typeof query !== 'string') refuse(judgement, 'query is not a string');
  if (query !== undefined && ids === undefined && limit === undefined) refuse(judgement, 'limit is missing');
  if (limit !== undefined && !isCount(limit)) refuse(judgement, 'limit is not a number of members');
  if (presences !== undefined && !isBoolean(presences)) refuse(judgement, 'presences is not a boolean');
  if (nonce !== undefined && nonce !== null && typeof nonce !== 'string') refuse(judgement, 'nonce is not a string');
  if (typeof nonce === 'string' && Buffer.byteLength(nonce) > MAX_NONCE_BYTES)
    judgement.notes.push(`nonce has more than ${MAX_NONCE_BYTES} bytes, so it is ignored`);
  if (Array.isArray(ids) && ids.length > MAX_USER_IDS) {
    judgement.notes.push(`user_ids has more than ${MAX_USER_IDS} ids, so there is no answer`);
    judgement.ignored = true;
  }
  if (ids === undefined) return { ...d, guild_id: guildId };
  return {
    ...d,
    guild_id: guildId,
    user_ids: Array.isArray(ids) && ids.length === 0 ? [] : idsFrom('user_ids', ids, judgement),
  };
};

/** @see https://discord.com/developers/docs/events/gateway-events#request-soundboard-sounds */
const soundboardSounds: Rule = (d, judgement) => ({ ...d, guild_ids: idsFrom('guild_ids', d['guild_ids'], judgement) });

/** @see https://discord.com/developers/docs/events/gateway-events#request-channel-info */
const channelInfo: Rule = (d, judgement) => {
  requireFields(d, judgement, { fields: Array.isArray });
  return { ...d, guild_id: idFrom('guild_id', d['guild_id'], judgement) };
};

const RULES: ReadonlyMap<number, Rule> = new Map<number, Rule>([
  [Opcodes.Identify, firstPresence],
  [Opcodes.PresenceUpdate, presence],
  [Opcodes.VoiceStateUpdate, voiceState],
  [Opcodes.RequestGuildMembers, members],
  [Opcodes.RequestSoundboardSounds, soundboardSounds],
  [Opcodes.RequestChannelInfo, channelInfo],
]);

/** Judges the data of a command; of IDENTIFY, only its presence. */
export function judgeCommand(op: number, d: unknown, name: string = opcodeName(op)): JudgedCommand {
  const judgement: Judgement = { refusal: null, notes: [], ignored: false };
  const rule = RULES.get(op);
  if (!isObject(d)) refuse(judgement, 'd is not an object');
  const understood = isObject(d) ? (rule?.(d, judgement) ?? d) : {};
  const sentence = (what: string): string => `${name}: ${what}`;
  return {
    refusal: judgement.refusal === null ? null : sentence(judgement.refusal),
    notes: [...new Set(judgement.notes)].map(sentence),
    ignored: judgement.ignored,
    d: understood,
  };
}
