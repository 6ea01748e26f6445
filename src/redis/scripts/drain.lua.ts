import { script } from '../script.ts';
import { TIME } from './shared.lua.ts';

/**
 * Marks a member as draining, for somebody else. The row is that of `member.lua.ts`.
 * KEYS 1 members. ARGV 1 instance, 2 channel of changes.
 * Returns `ok`, or `unknown` if there is no such member.
 */
export const DRAIN = script(
  'drain',
  TIME,
  `
local row = redis.call('HGET', KEYS[1], ARGV[1])
local expires, seen, joined, state, name
if row then expires, seen, joined, state, name = string.match(row, '^(%d+) (%d+) (%d+) (%d) (.*)$') end
if not expires or tonumber(expires) <= now() then return { 'unknown' } end
if state ~= '1' then
  redis.call('HSET', KEYS[1], ARGV[1], table.concat({ expires, seen, joined, '1', name }, ' '))
  redis.call('SPUBLISH', ARGV[2], 'changed')
end
return { 'ok' }`,
);
