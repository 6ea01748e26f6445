/** What FakeGateway takes, notes, ignores and refuses of the commands that clients send. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { FakeGateway } from '../../../src/testing/index.ts';
import { RawClient, identity } from './raw-client.ts';

const GUILD = '100000000000000001';
const PRESENCE = { since: null, activities: [], status: 'online', afk: false };
const VOICE = { guild_id: '1', channel_id: null, self_mute: false, self_deaf: false };

async function listen(): Promise<FakeGateway> {
  const gateway = await FakeGateway.listen({
    identifyIntervalMs: 0,
    guildMembers: 2,
    membersIntervalMs: 0,
    strict: true,
  });
  onTestFinished(() => gateway.close());
  return gateway;
}

const without = (fields: object, name: string): object =>
  Object.fromEntries(Object.entries(fields).filter(([key]) => key !== name));

const textsOf = ({ stats }: FakeGateway): string[] => stats.violations.map(({ what }) => what);

describe('FakeGateway closes with 4002 and names the field', () => {
  test.each<[number, object, string]>([
    ...['since', 'activities', 'status', 'afk'].map((name): [number, object, string] => [
      3,
      without(PRESENCE, name),
      `PresenceUpdate: ${name} is missing`,
    ]),
    [3, { ...PRESENCE, status: 'busy' }, 'PresenceUpdate: status has a wrong type or value'],
    [3, { ...PRESENCE, activities: [{ type: 0 }] }, 'PresenceUpdate: an activity has no name'],
    [3, { ...PRESENCE, activities: [{ name: 'x' }] }, 'PresenceUpdate: an activity has no type'],
    ...Object.keys(VOICE).map((name): [number, object, string] => [
      4,
      without(VOICE, name),
      `VoiceStateUpdate: ${name} is missing`,
    ]),
    [8, { query: '', limit: 0 }, 'RequestGuildMembers: guild_id is missing'],
    [8, { guild_id: 'one', query: '', limit: 0 }, 'RequestGuildMembers: guild_id is not an id'],
    [8, { guild_id: ['1', '2'], query: '', limit: 0 }, 'RequestGuildMembers: guild_id is not an id'],
    [8, { guild_id: '1' }, 'RequestGuildMembers: query and user_ids are missing'],
    [8, { guild_id: '1', query: '' }, 'RequestGuildMembers: limit is missing'],
    [8, { guild_id: '1', query: '', limit: -1 }, 'RequestGuildMembers: limit is not a number of members'],
    [8, { guild_id: '1', user_ids: ['a'] }, 'RequestGuildMembers: an id in user_ids is not an id'],
    [31, {}, 'RequestSoundboardSounds: guild_ids is missing'],
    [31, { guild_ids: [] }, 'RequestSoundboardSounds: guild_ids is not a list of ids'],
    [43, { guild_id: '1' }, 'RequestChannelInfo: fields is missing'],
  ])('op %i with %j', async (op, d, what) => {
    const gateway = await listen();
    const client = await RawClient.ready(gateway);
    client.send(op, d);
    expect((await client.closed).code).toBe(4002);
    expect(textsOf(gateway)).toEqual([what]);
  });

  test.each([
    [without(PRESENCE, 'activities'), 'activities is missing'],
    [without(PRESENCE, 'status'), 'status is missing'],
    [{ ...PRESENCE, since: 'now' }, 'since has a wrong type or value'],
    [{ ...PRESENCE, afk: null }, 'afk has a wrong type or value'],
  ])('an IDENTIFY with the presence %j', async (presence, what) => {
    const gateway = await listen();
    const client = await RawClient.afterHello(gateway);
    client.send(2, { ...identity, presence });
    expect((await client.closed).code).toBe(4002);
    expect(textsOf(gateway)).toEqual([`the presence in IDENTIFY: ${what}`]);
  });
});

describe('FakeGateway takes, with a note,', () => {
  test.each([
    ['100', 'guild_id is a number; large ids lose digits in numbers', '100'],
    [GUILD, 'guild_id is a number; large ids lose digits in numbers', GUILD],
    ['["100"]', 'guild_id is a list of one', '100'],
  ])('the guild_id %s of Request Guild Members', async (guildId, note, answered) => {
    const gateway = await listen();
    const client = await RawClient.ready(gateway);
    client.socket.send(`{"op":8,"d":{"guild_id":${guildId},"query":"","limit":0}}`);
    expect((await client.next('GUILD_MEMBERS_CHUNK')).d).toMatchObject({ guild_id: answered });
    expect(gateway.stats.violations).toMatchObject([{ code: null, what: `RequestGuildMembers: ${note}` }]);
    expect(gateway.complaints.filter(({ what }) => what.includes('guild_id'))).toEqual([]);
  });

  test('ids of guilds as numbers in Request Soundboard Sounds', async () => {
    const gateway = await listen();
    const client = await RawClient.ready(gateway);
    client.send(31, { guild_ids: [1] });
    expect((await client.next('SOUNDBOARD_SOUNDS')).d).toMatchObject({ guild_id: '1' });
    expect(gateway.stats.violations).toMatchObject([{ code: null }]);
  });

  test.each(['since', 'afk'])('an IDENTIFY whose presence has no %s', async (name) => {
    const gateway = await listen();
    const client = await RawClient.afterHello(gateway);
    client.send(2, { ...identity, presence: without(PRESENCE, name) });
    await client.next('READY');
    const what = `the presence in IDENTIFY: ${name} is missing, which Discord takes only here`;
    expect(gateway.stats.violations).toMatchObject([{ code: null, what }]);
  });

  test('a presence whose activities are null', async () => {
    const gateway = await listen();
    const client = await RawClient.ready(gateway);
    client.send(3, { ...PRESENCE, activities: null });
    const connection = await gateway.waitForConnection();
    await connection.waitFor(3);
    expect(connection.presence).toEqual({ ...PRESENCE, activities: null });
    expect(gateway.stats.violations).toMatchObject([{ code: null }]);
  });
});

test('FakeGateway never answers a request with more than 100 user_ids', async () => {
  const gateway = await listen();
  const client = await RawClient.ready(gateway);
  const ids = Array.from({ length: 101 }, (_, n) => String(n));
  client.send(8, { guild_id: GUILD, user_ids: ids, nonce: 'ignored' });
  client.send(8, { guild_id: GUILD, user_ids: ids.slice(1), nonce: 'answered' });
  expect((await client.next('GUILD_MEMBERS_CHUNK')).d).toMatchObject({ nonce: 'answered' });
  expect(textsOf(gateway)).toEqual(['RequestGuildMembers: user_ids has more than 100 ids, so there is no answer']);
});

/** The fields of a guild and of GUILD_CREATE that client libraries read. */
const GUILD_FIELDS = `
  id name icon splash discovery_splash banner
  description owner_id application_id afk_channel_id afk_timeout verification_level
  default_message_notifications mfa_level explicit_content_filter nsfw_level premium_tier preferred_locale
  system_channel_id system_channel_flags rules_channel_id public_updates_channel_id safety_alerts_channel_id vanity_url_code
  premium_progress_bar_enabled features emojis stickers joined_at large
  member_count voice_states threads presences stage_instances guild_scheduled_events
  soundboard_sounds roles channels members unavailable
`
  .trim()
  .split(/\s+/);

async function created(guildMembers: number) {
  const gateway = await FakeGateway.listen({ readyGuilds: 1, guildMembers });
  onTestFinished(() => gateway.close());
  const client = await RawClient.ready(gateway, { intents: 3 });
  const ready = client.packets.find(({ t }) => t === 'READY')?.d as { user: { id: string } };
  return { client, botId: ready.user.id, guild: (await client.next('GUILD_CREATE')).d as Record<string, never> };
}

describe('a made-up guild of FakeGateway', () => {
  test('has every documented field, @everyone, a text channel and the bot', async () => {
    const { guild, botId } = await created(5);
    expect(GUILD_FIELDS.filter((name) => guild[name] === undefined)).toEqual([]);
    expect(guild['roles']).toMatchObject([{ id: guild['id'], name: '@everyone' }]);
    expect(guild['channels']).toMatchObject([{ type: 0, name: 'general' }, { type: 2 }]);
    expect(guild['members']).toMatchObject([{ user: { id: botId, bot: true } }]);
  });

  test.each([
    [1, 1, false],
    [5, 5, false],
    [60, 60, true],
  ])('with %i members counts them, the bot included', async (guildMembers, count, large) => {
    const { client, guild, botId } = await created(guildMembers);
    client.send(8, { guild_id: guild['id'], query: '', limit: 0 });
    const { members } = (await client.next('GUILD_MEMBERS_CHUNK')).d as { members: { user: { id: string } }[] };
    expect({ count: guild['member_count'], large: guild['large'], found: members.length }).toEqual({
      count,
      large,
      found: count,
    });
    expect(members.map(({ user }) => user.id)).toContain(botId);
  });
});

describe('the HTTP API of FakeGateway', () => {
  test.each(['/api', '/api/v9', '/api/v10'])('answers below %s', async (base) => {
    const gateway = await listen();
    const { origin } = new URL(gateway.apiUrl);
    const get = async (path: string): Promise<unknown> => {
      const response = await fetch(`${origin}${base}${path}`, { headers: { Authorization: 'Bot any' } });
      return response.json();
    };
    const client = await RawClient.ready(gateway);
    const ready = client.packets.find(({ t }) => t === 'READY')?.d as { user: object; application: { id: string } };
    expect(await get('/gateway')).toEqual({ url: gateway.url });
    expect(await get('/gateway/bot')).toMatchObject({ url: gateway.url, shards: 1 });
    expect(await get('/users/@me')).toEqual(ready.user);
    expect(await get('/oauth2/applications/@me')).toMatchObject({ id: ready.application.id });
  });

  test('lets the option rest describe the bot in another way', async () => {
    await using gateway = await FakeGateway.listen({
      rest: ({ path }) => (path === '/users/@me' ? { body: { id: '7' } } : null),
    });
    const response = await fetch(`${gateway.apiUrl}/users/@me`, { headers: { Authorization: 'Bot any' } });
    expect(await response.json()).toEqual({ id: '7' });
  });

  test.each([-1, 65_536, 1.5, Number.NaN, '80'])('FakeGateway.listen() rejects the port %s', async (port) => {
    await expect(FakeGateway.listen({ port: port as number })).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
      message: 'port must be an integer from 0 to 65535',
    });
  });
});
