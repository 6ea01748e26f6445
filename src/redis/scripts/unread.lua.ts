import { script } from '../script.ts';
import { LEASES, TIME } from './shared.lua.ts';

/**
 * Reads the end of a stream, from the oldest entry on that some group has not acknowledged, as far as it is of the session
 * that is stored. If a group that is known is not on the stream, or none is known, all counts as unread.
 * KEYS 1 leases, 2 session, 3 stream, 4 known groups. ARGV 1 shard, 2 fence, 3 instance, 4 max bytes.
 * Returns `held` and the entries, the newest first; `forgotten` or `fenced`.
 */
export const UNREAD = script(
  'unread',
  TIME,
  LEASES,
  `
local state = standing(KEYS[1], ARGV[1], ARGV[2], ARGV[3])
local session = redis.call('HGET', KEYS[2], 'id')
if state ~= 'held' or not session or redis.call('EXISTS', KEYS[3]) == 0 then return { state, {} } end
local function after(id)
  local ms, seq = string.match(id, '(%d+)-(%d+)')
  return ms .. '-' .. (seq + 1)
end
local function isBefore(id, other)
  local ms, seq = string.match(id, '(%d+)-(%d+)')
  local otherMs, otherSeq = string.match(other, '(%d+)-(%d+)')
  if ms ~= otherMs then return tonumber(ms) < tonumber(otherMs) end
  return tonumber(seq) < tonumber(otherSeq)
end
local groups = redis.call('XINFO', 'GROUPS', KEYS[3])
local first
for _, info in ipairs(groups) do
  local group = {}
  for i = 1, #info, 2 do group[info[i]] = info[i + 1] end
  local oldest = redis.call('XPENDING', KEYS[3], group.name)[2] or after(group['last-delivered-id'])
  if not first or isBefore(oldest, first) then first = oldest end
end
if not first or #groups < redis.call('SCARD', KEYS[4]) then first = '-' end
local found, bytes, last = {}, 0, '+'
while true do
  local page = redis.call('XREVRANGE', KEYS[3], last, first, 'COUNT', 100)
  for _, entry in ipairs(page) do
    bytes = bytes + #entry[2][12]
    if entry[2][4] ~= session or bytes > tonumber(ARGV[4]) then return { state, found } end
    table.insert(found, entry)
  end
  if #page < 100 then return { state, found } end
  last = '(' .. page[100][1]
end`,
);
