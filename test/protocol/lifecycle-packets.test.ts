import { describe, expect, test } from 'vitest';
import { membersChunkOf, nonceOf, rateLimitOf } from '../../src/protocol/lifecycle-packets.ts';

describe('membersChunkOf()', () => {
  test('returns the fields of a chunk as Discord sends it', () => {
    const d = {
      guild_id: '1',
      nonce: 'n',
      chunk_index: 1,
      chunk_count: 2,
      members: [{ user: { id: '5' } }],
      not_found: ['6', 7],
      presences: [{ status: 'idle' }],
    };
    expect(nonceOf(d)).toBe('n');
    expect(membersChunkOf(d)).toEqual({
      guildId: '1',
      index: 1,
      count: 2,
      members: [{ user: { id: '5' } }],
      notFound: ['6', '7'],
      presences: [{ status: 'idle' }],
    });
  });

  const EMPTY = { guildId: '', index: 0, count: 1, members: [], notFound: [], presences: null };

  test.each<[string, unknown, object]>([
    ['null', null, EMPTY],
    ['undefined', undefined, EMPTY],
    ['a text', 'x', EMPTY],
    ['a list', [1], EMPTY],
    ['lists that are null', { members: null, not_found: null, presences: null }, EMPTY],
    ['lists that are texts', { members: 'a', not_found: 'a', presences: 'a' }, { ...EMPTY, notFound: ['a'] }],
    ['an id that is a number', { guild_id: 5, not_found: 5 }, { ...EMPTY, guildId: '5', notFound: ['5'] }],
    [
      'lists that hold null',
      { members: [null], not_found: [null, {}], presences: [null] },
      { ...EMPTY, presences: [] },
    ],
  ])('reads %s', (_what, d, expected) => {
    expect(membersChunkOf(d)).toEqual(expected);
    expect(nonceOf(d)).toBe('');
  });

  test.each([
    { chunk_index: 2, chunk_count: 2 },
    { chunk_index: -1, chunk_count: 2 },
    { chunk_index: 0.5, chunk_count: 2 },
    { chunk_index: '0', chunk_count: 2 },
    { chunk_index: 0, chunk_count: 0 },
    { chunk_index: 0, chunk_count: Number.POSITIVE_INFINITY },
    { chunk_index: 0, chunk_count: null },
  ])('returns null for the place %j', (place) => {
    expect(membersChunkOf({ ...place, members: [] })).toBe(null);
  });
});

describe('rateLimitOf()', () => {
  test.each<[unknown, object]>([
    [null, { opcode: -1, retryAfter: 0 }],
    [
      { opcode: '8', retry_after: 'soon', meta: [] },
      { opcode: -1, retryAfter: 0 },
    ],
    [
      { opcode: 8, retry_after: Number.POSITIVE_INFINITY, meta: null },
      { opcode: 8, retryAfter: 0 },
    ],
    [
      { opcode: 8, retry_after: 2.5, meta: { guild_id: '1', nonce: 5 } },
      { opcode: 8, retryAfter: 2.5, guildId: '1' },
    ],
  ])('reads %j', (d, expected) => {
    expect(rateLimitOf(d)).toEqual(expected);
  });
});
