import { script } from '../script.ts';
import { APPEND, LEASES, TIME } from './shared.lua.ts';

/**
 * Stores a new session with the dispatches that came with it. If it is stored already, only its other fields change.
 * KEYS 1 leases, 2 session, 3 stream, 4 numbers. ARGV 1 shard, 2 fence, 3 instance, 4 channel of the shard, 5 max
 * length, 6 max age in ms, 7 session id, 8 sequence, 9 session as JSON; then the dispatches.
 * Returns `stored`; `behind` and the sequence that is stored; `forgotten`; `fenced`.
 */
export const OPEN = script(
  'open',
  TIME,
  LEASES,
  APPEND,
  `
local state = standing(KEYS[1], ARGV[1], ARGV[2], ARGV[3])
if state ~= 'held' then return { state } end
local stored = redis.call('HMGET', KEYS[2], 'id', 'seq')
redis.call('HSET', KEYS[2], 'data', ARGV[9])
if stored[1] == ARGV[7] then
  if tonumber(stored[2]) < tonumber(ARGV[8]) then return { 'behind', tonumber(stored[2]) } end
  return { 'stored' }
end
append(10, -1)
redis.call('HSET', KEYS[2], 'id', ARGV[7], 'seq', ARGV[8])
return { 'stored' }`,
);
