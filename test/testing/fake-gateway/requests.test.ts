import { describe, expect, onTestFinished, test } from 'vitest';
import type { FakeGatewayOptions } from '../../../src/testing/index.ts';
import { FakeGateway, VirtualClock } from '../../../src/testing/index.ts';
import type { Packet } from '../../../src/protocol/packets.ts';
import { RawClient } from './raw-client.ts';

const GUILD = '1000000000000000001';
const ALL = { guild_id: GUILD, query: '', limit: 0 };
const member = (n: number, extra: object = {}) => ({ user: { id: `${n}`, username: `user-${n}` }, ...extra });

async function ready(
  options: FakeGatewayOptions = {},
  fields: object = {},
): Promise<{ gateway: FakeGateway; client: RawClient; clock: VirtualClock }> {
  const clock = new VirtualClock();
  const gateway = await FakeGateway.listen({ clock, identifyIntervalMs: 0, ...options });
  onTestFinished(() => gateway.close());
  return { gateway, clock, client: await RawClient.ready(gateway, fields) };
}

const idsIn = ({ d }: Packet): string[] =>
  (d as { members: { user: { id: string } }[] }).members.map(({ user }) => user.id);

describe('Request Guild Members at FakeGateway', () => {
  test('is answered in chunks, in order, with the nonce', async () => {
    const guildMembers = { [GUILD]: [1, 2, 3, 4, 5].map((n) => member(n)) };
    const { client } = await ready({ guildMembers, membersChunkSize: 2 });
    client.send(8, { ...ALL, nonce: 'abc' });
    const chunks = [];
    for (let n = 0; n < 3; n += 1) chunks.push(await client.next('GUILD_MEMBERS_CHUNK'));
    expect(chunks.map(idsIn)).toEqual([['1', '2'], ['3', '4'], ['5']]);
    expect(chunks.map(({ d }) => d)).toMatchObject(
      [0, 1, 2].map((chunk_index) => ({ guild_id: GUILD, chunk_index, chunk_count: 3, nonce: 'abc' })),
    );
    expect(chunks[0]?.d).not.toHaveProperty('presences');
    expect(chunks[0]?.d).not.toHaveProperty('not_found');
  });

  test('finds members by the beginning of their user name or nick, up to the limit', async () => {
    const guildMembers = { [GUILD]: [member(1), member(2, { nick: 'Useful' }), member(3, { nick: 'x' }), member(4)] };
    const { client } = await ready({ guildMembers });
    client.send(8, { guild_id: GUILD, query: 'USE', limit: 3 });
    expect(idsIn(await client.next('GUILD_MEMBERS_CHUNK'))).toEqual(['1', '2', '3']);
    client.send(8, { guild_id: GUILD, query: 'usef', limit: 3 });
    expect(idsIn(await client.next('GUILD_MEMBERS_CHUNK'))).toEqual(['2']);
  });

  test('finds members by id, and lists missing ones in not_found', async () => {
    const { client } = await ready({ guildMembers: { [GUILD]: [member(1), member(2)] } });
    client.send(8, { guild_id: GUILD, user_ids: ['2', '7'] });
    const chunk = await client.next('GUILD_MEMBERS_CHUNK');
    expect(idsIn(chunk)).toEqual(['2']);
    expect(chunk.d).toMatchObject({ not_found: ['7'], chunk_count: 1 });
  });

  test('is answered with one empty chunk when it finds no member', async () => {
    const { client } = await ready({ guildMembers: {} });
    client.send(8, ALL);
    expect((await client.next('GUILD_MEMBERS_CHUNK')).d).toEqual({
      guild_id: GUILD,
      members: [],
      chunk_index: 0,
      chunk_count: 1,
    });
  });

  test('finds made-up members when only their number is given, the same each time', async () => {
    const { client } = await ready({ guildMembers: 3, membersIntervalMs: 0 });
    client.send(8, ALL);
    client.send(8, ALL);
    const [first, second] = [await client.next('GUILD_MEMBERS_CHUNK'), await client.next('GUILD_MEMBERS_CHUNK')];
    expect(new Set(idsIn(first)).size).toBe(3);
    expect(idsIn(second)).toEqual(idsIn(first));
  });

  test.each([
    [1 << 8, 1],
    [0, 0],
  ])('contains presences when asked, with intents %i: %i of them', async (intents, count) => {
    const { client } = await ready({ guildMembers: { [GUILD]: [member(1)] } }, { intents });
    client.send(8, { ...ALL, presences: true });
    expect((await client.next('GUILD_MEMBERS_CHUNK')).d).toMatchObject({
      presences: Array.from({ length: count }, () => ({ user: { id: '1' }, guild_id: GUILD, status: 'online' })),
    });
  });

  test('ignores a nonce of more than 32 bytes', async () => {
    const { client } = await ready();
    client.send(8, { guild_id: GUILD, query: 'm', limit: 1, nonce: 'é'.repeat(16) });
    expect((await client.next('GUILD_MEMBERS_CHUNK')).d).toHaveProperty('nonce', 'é'.repeat(16));
    client.send(8, { guild_id: GUILD, query: 'm', limit: 1, nonce: `${'é'.repeat(16)}x` });
    expect((await client.next('GUILD_MEMBERS_CHUNK')).d).not.toHaveProperty('nonce');
  });

  test('gets RATE_LIMITED for all members of one guild again within 30 s, and only then', async () => {
    const { client, clock } = await ready();
    client.send(8, ALL);
    await client.next('GUILD_MEMBERS_CHUNK');
    clock.advance(10_500);
    client.send(8, { ...ALL, nonce: 'n' });
    expect((await client.next('RATE_LIMITED')).d).toEqual({
      opcode: 8,
      retry_after: 19.5,
      meta: { guild_id: GUILD, nonce: 'n' },
    });
    client.send(8, { ...ALL, guild_id: '5' });
    client.send(8, { guild_id: GUILD, query: 'member', limit: 2 });
    await client.next('GUILD_MEMBERS_CHUNK');
    await client.next('GUILD_MEMBERS_CHUNK');
    clock.advance(19_500);
    client.send(8, ALL);
    await client.next('GUILD_MEMBERS_CHUNK');
    expect(client.dispatches.filter(([, t]) => t === 'RATE_LIMITED')).toHaveLength(1);
  });

  test.each(['gateway', 'connection'] as const)('waits while the %s holds member chunks', async (level) => {
    const { gateway, client } = await ready();
    const holder = level === 'gateway' ? gateway : await gateway.waitForConnection();
    holder.holdMembers();
    client.send(8, ALL);
    client.send(31, { guild_ids: [GUILD] });
    await client.next('SOUNDBOARD_SOUNDS');
    holder.releaseMembers();
    await client.next('GUILD_MEMBERS_CHUNK');
    expect(client.dispatches.map(([, t]) => t)).toEqual(['READY', 'SOUNDBOARD_SOUNDS', 'GUILD_MEMBERS_CHUNK']);
  });
});

describe('other commands at FakeGateway', () => {
  test('Update Voice State is answered with VOICE_STATE_UPDATE of the bot', async () => {
    const { client } = await ready();
    client.send(4, { guild_id: GUILD, channel_id: '7', self_mute: true, self_deaf: false });
    const content = client.packets[1]?.d as { user: { id: string } } | undefined;
    expect((await client.next('VOICE_STATE_UPDATE')).d).toMatchObject({
      guild_id: GUILD,
      channel_id: '7',
      user_id: content?.user.id,
      self_mute: true,
      self_deaf: false,
    });
  });

  test('Request Soundboard Sounds is answered with SOUNDBOARD_SOUNDS for each guild', async () => {
    const { client } = await ready();
    client.send(31, { guild_ids: ['1', '2'] });
    const answers = [await client.next('SOUNDBOARD_SOUNDS'), await client.next('SOUNDBOARD_SOUNDS')];
    expect(answers.map(({ d }) => d)).toMatchObject([
      { guild_id: '1', soundboard_sounds: [{ guild_id: '1' }] },
      { guild_id: '2', soundboard_sounds: [{ guild_id: '2' }] },
    ]);
  });

  test('Request Channel Info is answered with CHANNEL_INFO and the requested fields', async () => {
    const { client } = await ready();
    client.send(43, { guild_id: GUILD, fields: ['status'] });
    expect((await client.next('CHANNEL_INFO')).d).toEqual({
      guild_id: GUILD,
      channels: [{ id: expect.stringMatching(/^\d+$/) as string, status: 'Fake status' }],
    });
  });

  test('FakeConnection keeps the last presence, of IDENTIFY or Update Presence', async () => {
    const presence = { since: null, activities: [], status: 'idle', afk: false };
    const { gateway, client } = await ready({}, { presence });
    const connection = await gateway.waitForConnection();
    expect(connection.presence).toEqual(presence);
    client.send(3, { ...presence, status: 'dnd' });
    await connection.waitFor(3);
    expect(connection.presence).toEqual({ ...presence, status: 'dnd' });
  });
});
