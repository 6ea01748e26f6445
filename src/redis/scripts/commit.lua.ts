import { script } from '../script.ts';
import { APPEND, LEASES, TIME } from './shared.lua.ts';

/**
 * Advances the sequence of a session, and appends dispatches to the stream, if the lease is held and the step continues
 * what is stored. A step that is tried again appends only what is missing. One that was followed by another has no effect.
 * KEYS 1 leases, 2 session, 3 stream, 4 numbers. ARGV 1 shard, 2 fence, 3 instance, 4 channel of the shard, 5 max
 * length, 6 max age in ms, 7 session id, 8 base, 9 sequence, 10 session as JSON or ''; then the dispatches.
 * Returns `stored`; `behind` and the sequence that is stored; `otherSession`; `forgotten`; `fenced`.
 */
export const COMMIT = script(
  'commit',
  TIME,
  LEASES,
  APPEND,
  `
local state = standing(KEYS[1], ARGV[1], ARGV[2], ARGV[3])
if state ~= 'held' then return { state } end
local stored = redis.call('HMGET', KEYS[2], 'id', 'seq')
if stored[1] ~= ARGV[7] then return { 'otherSession' } end
local have = tonumber(stored[2])
if have < tonumber(ARGV[8]) then return { 'behind', have } end
if have > tonumber(ARGV[9]) then return { 'stored' } end
append(11, have)
redis.call('HSET', KEYS[2], 'seq', ARGV[9])
if ARGV[10] ~= '' then redis.call('HSET', KEYS[2], 'data', ARGV[10]) end
return { 'stored' }`,
);
