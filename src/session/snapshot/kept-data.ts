/**
 * What is kept of each dispatch that changes READY or a guild. Nothing is kept of other people: no members but the bot
 * itself, no presences, no voice states, no participants of activities.
 */
import { fieldsOf, isObject } from '../../protocol/validation.ts';
import type { Fields } from '../../protocol/validation.ts';
import { GUILD_CHANGES } from './guild-changes.ts';
import { fieldsOfJson, findElement } from './json-fields.ts';

/** A dispatch in the form that a snapshot keeps. */
export interface KeptData {
  readonly t: string;
  /** `null` for a change of READY. */
  readonly guildId: string | null;
  /** `d` as JSON. */
  readonly data: Buffer;
}

/** The lists of GUILD_CREATE that are kept empty. `members` keeps the bot. */
const EMPTIED: ReadonlySet<string> = new Set([
  'members',
  'presences',
  'voice_states',
  'embedded_activities',
  'activity_instances',
]);

/** The lists of READY that are kept empty. Discord sends them empty to bots; other gateways may not. */
const READY_LISTS: ReadonlySet<string> = new Set([
  '_trace',
  'private_channels',
  'relationships',
  'presences',
  'guild_join_requests',
]);

const textOf = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);
const jsonOf = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

const isUserWith = (id: string, member: unknown): boolean => fieldsOf(fieldsOf(member)['user'])['id'] === id;

const findBot = (members: Buffer, botId: string): Buffer | null =>
  findElement(members, (element) => element.includes(botId) && isUserWith(botId, JSON.parse(element.toString())));

/** Copies a guild without the lists that are not kept, and without decoding the rest. */
function cutGuild(json: Buffer, botId: string | null): KeptData | null {
  const fields = fieldsOfJson(json);
  if (fields === null) return null;
  const parts: Buffer[] = [];
  let guildId: unknown = null;
  let done = 0;
  for (const { name, from, to } of fields) {
    if (name === 'id') guildId = JSON.parse(json.toString('utf8', from, to));
    if (!EMPTIED.has(name)) continue;
    const bot = name === 'members' && botId !== null ? findBot(json.subarray(from, to), botId) : null;
    parts.push(json.subarray(done, from), Buffer.from(`[${bot?.toString() ?? ''}]`));
    done = to;
  }
  const id = textOf(guildId);
  return id === null ? null : { t: 'GUILD_CREATE', guildId: id, data: Buffer.concat([...parts, json.subarray(done)]) };
}

/** Does the same to a guild that is decoded. */
function reduceGuild(guild: Fields, botId: string | null): KeptData | null {
  const id = textOf(guild['id']);
  if (id === null) return null;
  const members = Array.isArray(guild['members']) ? guild['members'] : [];
  const bot = members.filter((member) => botId !== null && isUserWith(botId, member));
  const emptied = Object.entries(guild).map(([name, value]) => {
    if (!EMPTIED.has(name)) return [name, value];
    return [name, name === 'members' ? bot : []];
  });
  return { t: 'GUILD_CREATE', guildId: id, data: jsonOf(Object.fromEntries(emptied)) };
}

/** A guild that has an outage is kept by its id. */
const unavailableGuild = (id: unknown): KeptData | null => {
  const guildId = textOf(id);
  return guildId === null ? null : { t: 'GUILD_DELETE', guildId, data: jsonOf({ id: guildId, unavailable: true }) };
};

type Reduce = (d: Fields, t: string, botId: string | null) => KeptData | null;

const keepOfGuild: Reduce = (d, t) => {
  const guildId = textOf(d['guild_id']);
  return guildId === null ? null : { t, guildId, data: jsonOf(d) };
};

/** Dispatches that are not kept as they are. */
const REDUCTIONS: ReadonlyMap<string, Reduce> = new Map<string, Reduce>([
  [
    'READY',
    (d, t) => {
      const kept = Object.entries(d).map(([name, value]) => [name, READY_LISTS.has(name) ? [] : value]);
      return { t, guildId: null, data: jsonOf(Object.fromEntries(kept)) };
    },
  ],
  ['USER_UPDATE', (d, t) => ({ t, guildId: null, data: jsonOf(d) })],
  ['GUILD_CREATE', (d, _, botId) => (d['unavailable'] === true ? unavailableGuild(d['id']) : reduceGuild(d, botId))],
  [
    'GUILD_DELETE',
    (d, t) => {
      const guildId = textOf(d['id']);
      if (d['unavailable'] === true || guildId === null) return unavailableGuild(guildId);
      return { t, guildId, data: jsonOf({ id: guildId }) };
    },
  ],
  [
    'GUILD_UPDATE',
    (d, t) => {
      const guildId = textOf(d['id']);
      const kept = Object.entries(d).filter(([name]) => !EMPTIED.has(name));
      return guildId === null ? null : { t, guildId, data: jsonOf(Object.fromEntries(kept)) };
    },
  ],
  ['GUILD_MEMBER_UPDATE', (d, t, botId) => (botId !== null && isUserWith(botId, d) ? keepOfGuild(d, t, botId) : null)],
  [
    'THREAD_MEMBERS_UPDATE',
    ({ id, guild_id, member_count, removed_member_ids: removed }, t, botId) => {
      const removedBot = Array.isArray(removed) ? removed.filter((userId) => userId === botId) : [];
      return keepOfGuild({ id, guild_id, member_count, removed_member_ids: removedBot }, t, botId);
    },
  ],
]);

/** The dispatches of which something is kept. */
export const KEPT_DISPATCHES: ReadonlySet<string> = new Set([...GUILD_CHANGES.keys(), ...REDUCTIONS.keys()]);

/**
 * Returns what is kept of a dispatch; `null` if nothing.
 * @param json - `d`, if its bytes are at hand
 * @param read - returns `d` decoded
 */
export function keptDataOf(t: string, json: Buffer | null, read: () => unknown, botId: string | null): KeptData | null {
  // A guild is large. It is not decoded for this.
  if (t === 'GUILD_CREATE' && json !== null && !json.includes('"unavailable":true')) {
    const cut = cutGuild(json, botId);
    if (cut !== null) return cut;
  }
  // With the intent GuildMembers these come for everybody.
  if (t === 'GUILD_MEMBER_UPDATE' && json !== null && (botId === null || !json.includes(botId))) return null;
  const d = read();
  return isObject(d) ? (REDUCTIONS.get(t) ?? keepOfGuild)(d, t, botId) : null;
}
