import { script } from '../script.ts';
import { TIME } from './shared.lua.ts';

/**
 * Adds or renews a member, and removes those whose time has ended. A member is a field of one hash:
 * `EXPIRES_AT LAST_SEEN_AT JOINED_AT STATE NAME`. The state is 0, 1 if it drains, which it does until it leaves, or 2 if
 * it is stalled.
 * KEYS 1 members, 2 birth. ARGV 1 instance, 2 name, 3 TTL in ms, 4 state, 5 channel of changes.
 * Returns `ok`.
 */
export const MEMBER = script(
  'member',
  TIME,
  `
local at, state, joined, before, changed = now(), ARGV[4], nil, nil, false
redis.call('SET', KEYS[2], text(at), 'NX')
local rows = redis.call('HGETALL', KEYS[1])
for i = 1, #rows, 2 do
  local expires, _, joinedAt, known = string.match(rows[i + 1], '^(%d+) (%d+) (%d+) (%d)')
  if tonumber(expires) <= at then
    redis.call('HDEL', KEYS[1], rows[i])
    changed = true
  elseif rows[i] == ARGV[1] then
    joined, before = joinedAt, known
  end
end
if before == '1' then state = before end
changed = changed or state ~= before
redis.call('HSET', KEYS[1], ARGV[1], text(at + tonumber(ARGV[3])) .. ' ' .. text(at) .. ' ' .. (joined or text(at))
  .. ' ' .. state .. ' ' .. ARGV[2])
if changed then redis.call('SPUBLISH', ARGV[5], 'changed') end
return { 'ok' }`,
);
