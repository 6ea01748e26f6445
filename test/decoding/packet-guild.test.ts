/** The guild of a dispatch, found in its bytes, is the one that decoding finds. */
import { describe, expect, test } from 'vitest';
import { guildIdInPacket } from '../../src/decoding/packet-guild.ts';

const packet = (t: string, d: unknown): Buffer => Buffer.from(JSON.stringify({ t, s: 1, op: 0, d }));

describe('guildIdInPacket', () => {
  test.each([
    ['a message of a guild', 'MESSAGE_CREATE', { content: 'hi', guild_id: '7', author: { id: '1' } }, '7'],
    ['a message without a guild', 'MESSAGE_CREATE', { content: 'hi', channel_id: '9' }, null],
    ['the guild of a quoted message only', 'MESSAGE_CREATE', { message_reference: { guild_id: '8' } }, null],
    ['an inner guild before its own', 'MESSAGE_CREATE', { message_reference: { guild_id: '8' }, guild_id: '7' }, '7'],
    ['a text that looks like the field', 'MESSAGE_CREATE', { content: '"guild_id":"8"', guild_id: '7' }, '7'],
    [
      'a list of objects before it',
      'MESSAGE_CREATE',
      { embeds: [{ a: '}]"' }, { guild_id: '8' }], guild_id: '7' },
      '7',
    ],
    ['a guild that is null', 'MESSAGE_CREATE', { guild_id: null, x: { guild_id: '8' } }, null],
    ['a guild itself, by its id', 'GUILD_CREATE', { roles: [{ id: '8' }], id: '7' }, '7'],
    ['a member whose user has an id', 'GUILD_MEMBER_ADD', { user: { id: '8' }, guild_id: '7' }, '7'],
  ])('finds %s', (_, t, d, expected) => {
    expect(guildIdInPacket(t, packet(t, d))).toBe(expected);
  });

  test('decodes a form that no gateway writes', () => {
    expect(
      guildIdInPacket('MESSAGE_CREATE', Buffer.from('{ "d": {"guild_id": "7"}, "op": 0, "t": "MESSAGE_CREATE" }')),
    ).toBe('7');
  });

  test('returns null for what is not JSON', () => {
    expect(guildIdInPacket('MESSAGE_CREATE', Buffer.from('{"t":"MESSAGE_CREATE","guild_id":"7"'))).toBeNull();
  });
});
