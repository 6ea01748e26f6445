/** The guilds, messages and REST answers that bots of every framework are tested with. */
import type { FakeGuild, FakeRest, FakeRestRequest } from '../../src/testing/index.ts';
import { guildId } from './guild-events.ts';

export const GUILD = guildId(1);
export const CHANNEL = '20';

/** A guild with a text channel. */
export const guildWith = (n: number, channelId: string): FakeGuild => ({
  id: guildId(n),
  channels: [{ id: channelId, type: 0, name: 'general', position: 0, permission_overwrites: [] }],
});

/** Of two shards, each has one of these. */
export const GUILDS = [guildWith(0, '10'), guildWith(1, CHANNEL)];

const author = { id: '30', username: 'ann', discriminator: '0', global_name: 'Ann', avatar: null };

/** Data of a MESSAGE_CREATE in the channel of the guild. Its content is its id. */
export const messageData = (id: number): object => ({
  id: String(id),
  channel_id: CHANNEL,
  guild_id: GUILD,
  author,
  content: String(id),
  timestamp: '2026-01-01T00:00:00.000Z',
  edited_timestamp: null,
  tts: false,
  mention_everyone: false,
  mentions: [],
  mention_roles: [],
  attachments: [],
  embeds: [],
  pinned: false,
  type: 0,
});

/** Returns `count` ids of messages. */
export const messageIds = (from: number, count: number): number[] =>
  Array.from({ length: count }, (_, index) => from + index);

export type RestCall = Pick<FakeRestRequest, 'method' | 'path' | 'body'>;

/** Answers what frameworks ask when they start, and records what the bot sends. */
export const recordingRest =
  (calls: RestCall[]): FakeRest =>
  ({ method, path, body }) => {
    if (method === 'GET') return path.endsWith('/commands') ? { body: [] } : null;
    calls.push({ method, path, body });
    return { body: { ...messageData(50), content: (body as { content: string }).content } };
  };
