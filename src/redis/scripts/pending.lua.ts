import { script } from '../script.ts';
import { LEASES, TIME } from './shared.lua.ts';

/**
 * Reads again everything that is pending in a group. All readers have one name in Redis, because the lease leaves one at
 * a time. Entries that were trimmed meanwhile are acknowledged, and counted as trimmed.
 * KEYS 1 leases, 2 stream, 3 redelivered, 4 read. ARGV 1 shard, 2 fence, 3 instance, 4 group, 5 the total of trimmed
 * entries that the reader knows, or ''.
 * Returns `held`, the trimmed entries that are new, their total; then for the redelivered entries and for the stream:
 * entries, and their numbers of attempts.
 */
export const PENDING = script(
  'pending',
  TIME,
  LEASES,
  `
local state = standing(KEYS[1], ARGV[1], ARGV[2], ARGV[3])
if state ~= 'held' then return { state } end
local function pending(key)
  local found, attempts = {}, {}
  local rows = redis.pcall('XPENDING', key, ARGV[4], '-', '+', 1000000)
  if rows.err then
    if string.find(rows.err, 'NOGROUP', 1, true) then return found, attempts end
    return rows, attempts
  end
  for _, row in ipairs(rows) do
    local entry = redis.call('XRANGE', key, row[1], row[1])[1]
    if entry then
      table.insert(found, entry)
      table.insert(attempts, row[4])
    else
      redis.call('XACK', key, ARGV[4], row[1])
      redis.call('HINCRBY', KEYS[4], ARGV[1] .. ':trimmed', 1)
    end
  end
  return found, attempts
end
local again, againAttempts = pending(KEYS[3])
if again.err then return again end
local stream, streamAttempts = pending(KEYS[2])
if stream.err then return stream end
if ARGV[5] ~= '' then redis.call('HSET', KEYS[4], ARGV[1] .. ':told', ARGV[5]) end
local trimmed = redis.call('HMGET', KEYS[4], ARGV[1] .. ':trimmed', ARGV[1] .. ':told')
return { state, (trimmed[1] or 0) - (trimmed[2] or 0), tonumber(trimmed[1] or 0), again, againAttempts, stream, streamAttempts }`,
);
