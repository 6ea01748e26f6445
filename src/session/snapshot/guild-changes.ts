/**
 * How each dispatch changes a guild: one row a dispatch. It changes the data of a GUILD_CREATE to what Discord would
 * send in one now.
 * @see https://discord.com/developers/docs/events/gateway-events#receive-events
 */
import { fieldsOf, isObject } from '../../protocol/validation.ts';
import type { Fields } from '../../protocol/validation.ts';

type Guild = Record<string, unknown>;
type GuildChange = (guild: Guild, d: Fields) => void;

/** Returns the objects of a list; of anything else, none. */
const objectsOf = (list: unknown): Fields[] => (Array.isArray(list) ? list.filter(isObject) : []);

/** Replaces the element with this id, else adds it at the end. Fields that `value` does not have are kept. */
function put(guild: Guild, list: string, value: Fields, key = 'id'): void {
  const elements = objectsOf(guild[list]);
  const index = elements.findIndex((element) => element[key] === value[key]);
  if (index === -1) guild[list] = [...elements, value];
  else guild[list] = elements.with(index, { ...elements[index], ...value });
}

function remove(guild: Guild, list: string, id: unknown, key = 'id'): void {
  guild[list] = objectsOf(guild[list]).filter((element) => element[key] !== id);
}

/** Changes the element with this id, if there is one. */
function patch(guild: Guild, list: string, id: unknown, change: (element: Fields) => Fields): void {
  guild[list] = objectsOf(guild[list]).map((element) => (element['id'] === id ? change(element) : element));
}

const puts =
  (list: string): GuildChange =>
  (guild, d) =>
    put(guild, list, d);
const removes =
  (list: string): GuildChange =>
  (guild, d) =>
    remove(guild, list, d['id']);
const replaces =
  (list: string): GuildChange =>
  (guild, d) =>
    void (guild[list] = d[list]);

/** An archived thread is not in a GUILD_CREATE. */
const putThread: GuildChange = (guild, d) => {
  if (fieldsOf(d['thread_metadata'])['archived'] === true) remove(guild, 'threads', d['id']);
  else put(guild, 'threads', d);
};

const putSound: GuildChange = (guild, d) => put(guild, 'soundboard_sounds', d, 'sound_id');
const putRole: GuildChange = (guild, d) => put(guild, 'roles', fieldsOf(d['role']));

const without = (fields: Fields, name: string): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([field]) => field !== name));

export const GUILD_CHANGES: ReadonlyMap<string, GuildChange> = new Map<string, GuildChange>([
  ['GUILD_UPDATE', (guild, d) => void Object.assign(guild, d)],
  ['GUILD_ROLE_CREATE', putRole],
  ['GUILD_ROLE_UPDATE', putRole],
  ['GUILD_ROLE_DELETE', (guild, d) => remove(guild, 'roles', d['role_id'])],
  ['GUILD_EMOJIS_UPDATE', replaces('emojis')],
  ['GUILD_STICKERS_UPDATE', replaces('stickers')],
  ['CHANNEL_CREATE', puts('channels')],
  ['CHANNEL_UPDATE', puts('channels')],
  [
    'CHANNEL_DELETE',
    (guild, d) => {
      remove(guild, 'channels', d['id']);
      remove(guild, 'threads', d['id'], 'parent_id');
    },
  ],
  [
    'CHANNEL_PINS_UPDATE',
    (guild, d) => {
      const pinned = { last_pin_timestamp: d['last_pin_timestamp'] ?? null };
      for (const list of ['channels', 'threads'])
        patch(guild, list, d['channel_id'], (channel) => ({ ...channel, ...pinned }));
    },
  ],
  ['THREAD_CREATE', putThread],
  ['THREAD_UPDATE', putThread],
  ['THREAD_DELETE', removes('threads')],
  [
    'THREAD_LIST_SYNC',
    (guild, d) => {
      const parents = d['channel_ids'];
      const isSynced = ({ parent_id: parent }: Fields): boolean => !Array.isArray(parents) || parents.includes(parent);
      const members = new Map(objectsOf(d['members']).map((member) => [member['id'], member]));
      const kept = objectsOf(guild['threads']).filter((thread) => !isSynced(thread));
      const synced = objectsOf(d['threads']).map((thread) => {
        const member = members.get(thread['id']);
        return member === undefined ? thread : { ...thread, member };
      });
      guild['threads'] = [...kept, ...synced];
    },
  ],
  [
    'THREAD_MEMBER_UPDATE',
    (guild, d) => patch(guild, 'threads', d['id'], (thread) => ({ ...thread, member: without(d, 'guild_id') })),
  ],
  [
    'THREAD_MEMBERS_UPDATE',
    (guild, d) => {
      const hasLeft = Array.isArray(d['removed_member_ids']) && d['removed_member_ids'].length > 0;
      patch(guild, 'threads', d['id'], (thread) => ({
        ...(hasLeft ? without(thread, 'member') : thread),
        member_count: d['member_count'],
      }));
    },
  ],
  ['GUILD_SCHEDULED_EVENT_CREATE', puts('guild_scheduled_events')],
  ['GUILD_SCHEDULED_EVENT_UPDATE', puts('guild_scheduled_events')],
  ['GUILD_SCHEDULED_EVENT_DELETE', removes('guild_scheduled_events')],
  ['GUILD_SOUNDBOARD_SOUND_CREATE', putSound],
  ['GUILD_SOUNDBOARD_SOUND_UPDATE', putSound],
  ['GUILD_SOUNDBOARD_SOUND_DELETE', (guild, d) => remove(guild, 'soundboard_sounds', d['sound_id'], 'sound_id')],
  ['GUILD_SOUNDBOARD_SOUNDS_UPDATE', replaces('soundboard_sounds')],
  ['STAGE_INSTANCE_CREATE', puts('stage_instances')],
  ['STAGE_INSTANCE_UPDATE', puts('stage_instances')],
  ['STAGE_INSTANCE_DELETE', removes('stage_instances')],
  [
    'GUILD_MEMBER_UPDATE',
    (guild, d) => {
      const [before = {}] = objectsOf(guild['members']);
      guild['members'] = [{ ...before, ...without(d, 'guild_id') }];
    },
  ],
]);
