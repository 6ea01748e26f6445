import { script } from '../script.ts';
import { LEASES, TIME } from './shared.lua.ts';

/**
 * Reads new entries for a group: first those that were redelivered, then the stream. Entries are numbered, so a gap
 * tells how many were trimmed. The total of trimmed entries is repeated until the reader passes it back.
 * KEYS 1 leases, 2 stream, 3 redelivered, 4 numbers, 5 read, 6 known groups. ARGV 1 shard, 2 fence, 3 instance, 4 group,
 * 5 count, 6 the total of trimmed entries that the reader knows, or ''.
 * Returns `held`, the trimmed entries that are new, their total, redelivered entries, entries of the stream.
 */
export const READ = script(
  'read',
  TIME,
  LEASES,
  `
local state = standing(KEYS[1], ARGV[1], ARGV[2], ARGV[3])
if state ~= 'held' then return { state } end
local shard, group = ARGV[1], ARGV[4]
local function take(key, count)
  local reply = redis.pcall('XREADGROUP', 'GROUP', group, 'reader', 'COUNT', count, 'STREAMS', key, '>')
  if reply and reply.err then return reply end
  return reply and reply[1][2] or {}
end
local again = {}
if redis.call('EXISTS', KEYS[3]) == 1 then again = take(KEYS[3], ARGV[5]) end
if again.err then return again end
local room, fresh = ARGV[5] - #again, {}
if room > 0 then
  fresh = take(KEYS[2], room)
  if fresh.err and string.find(fresh.err, 'NOGROUP', 1, true) then
    redis.call('XGROUP', 'CREATE', KEYS[2], group, '0', 'MKSTREAM')
    redis.call('SADD', KEYS[6], group)
    fresh = take(KEYS[2], room)
  end
  if fresh.err then return fresh end
  local last, latest = redis.call('HGET', KEYS[5], shard) or 0, tonumber(redis.call('HGET', KEYS[4], shard) or 0)
  local before = latest
  if #fresh > 0 then before, latest = fresh[1][2][2] - 1, fresh[#fresh][2][2] end
  if before > tonumber(last) then redis.call('HINCRBY', KEYS[5], shard .. ':trimmed', before - last) end
  redis.call('HSET', KEYS[5], shard, latest)
end
if ARGV[6] ~= '' then redis.call('HSET', KEYS[5], shard .. ':told', ARGV[6]) end
local trimmed = redis.call('HMGET', KEYS[5], shard .. ':trimmed', shard .. ':told')
return { state, (trimmed[1] or 0) - (trimmed[2] or 0), tonumber(trimmed[1] or 0), again, fresh }`,
);
