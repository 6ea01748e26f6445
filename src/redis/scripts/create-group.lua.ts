import { script } from '../script.ts';
import { TIME } from './shared.lua.ts';

/**
 * Creates a group on streams. `end` holds only for a group that this partition has never known. A server that was empty
 * less than half of the TTL ago may have forgotten the group.
 * KEYS 1 known groups, 2 numbers, 3 read, 4 birth; then the streams. ARGV 1 group, 2 start or end, 3 TTL in ms; then the
 * shard of each stream. Returns `ok`.
 */
export const CREATE_GROUP = script(
  'create-group',
  TIME,
  `
local isNew = redis.call('SISMEMBER', KEYS[1], ARGV[1]) == 0
local isYoung = now() - (redis.call('GET', KEYS[4]) or now()) < ARGV[3] / 2
local from = '0'
if isNew and not isYoung and ARGV[2] == 'end' then from = '$' end
for i = 5, #KEYS do
  local created = redis.pcall('XGROUP', 'CREATE', KEYS[i], ARGV[1], from, 'MKSTREAM')
  if created.err and not string.find(created.err, 'BUSYGROUP', 1, true) then return created end
  if not created.err then
    local last = redis.call('HGET', KEYS[2], ARGV[i - 1]) or 0
    local first = from == '0' and redis.call('XRANGE', KEYS[i], '-', '+', 'COUNT', 1)[1]
    if first then last = first[2][2] - 1 end
    redis.call('HSET', KEYS[3], ARGV[i - 1], last)
  end
end
if #KEYS > 4 then redis.call('SADD', KEYS[1], ARGV[1]) end
return { 'ok' }`,
);

/** Names the groups of a partition. KEYS 1 known groups. Returns `ok` and the names. */
export const GROUPS = script(
  'groups',
  `
local names = redis.call('SMEMBERS', KEYS[1])
table.insert(names, 1, 'ok')
return names`,
);
