/** The functions that scripts share. They stand at the head of each script that needs them. */

/** Time on the clock of the server, in ms. `text()` writes such a number without an exponent. */
export const TIME = `
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
local function text(number)
  return string.format('%.0f', number)
end`;

/**
 * A lease is one field of the hash of its scope: `FENCE EXPIRES_AT RESERVED_UNTIL OWNER RESERVED_FOR`, where `-` means
 * no instance. `standing()` says what a lease of this fence and instance is worth: `held`, `fenced` or `forgotten`.
 */
export const LEASES = `
local function lease(key, shard)
  local row = redis.call('HGET', key, shard)
  if not row then return nil end
  local fence, expires, reserved, owner, target = string.match(row, '^(%d+) (%d+) (%d+) (%S+) (%S+)$')
  return { fence = tonumber(fence), expires = tonumber(expires), reserved = tonumber(reserved),
           owner = owner, target = target }
end
local function store(key, shard, row)
  redis.call('HSET', key, shard, text(row.fence) .. ' ' .. text(row.expires) .. ' ' .. text(row.reserved)
    .. ' ' .. row.owner .. ' ' .. row.target)
end
local function standing(key, shard, fence, instance)
  local row = lease(key, shard)
  if row == nil or row.fence < tonumber(fence) then return 'forgotten', row end
  if row.fence > tonumber(fence) or row.owner ~= instance then return 'fenced', row end
  return 'held', row
end`;

/**
 * `presence()` notes that a member of a scope has called. It returns since when members have called without a gap of more
 * than half of the TTL: in a longer one the server could not be reached, and leases ended because nobody could renew
 * them. The hash has `at`, the last call, and `since`.
 */
export const PRESENCE = `
local function presence(key, at, ttl)
  local seen = redis.call('HMGET', key, 'at', 'since')
  local since = seen[2]
  if not seen[1] or at - seen[1] > ttl / 2 then since = text(at) end
  redis.call('HSET', key, 'at', text(at), 'since', since)
  return tonumber(since)
end`;

/**
 * Appends the dispatches from ARGV[first] on whose sequence is above `have`. KEYS 3 stream, 4 numbers. ARGV 1 shard,
 * 4 channel, 5 max length, 6 max age in ms, 7 session id; then sequence, t, guild and bytes of each dispatch.
 */
export const APPEND = `
local function append(first, have)
  local appended = 0
  for i = first, #ARGV, 4 do
    if tonumber(ARGV[i]) > have then
      local number = redis.call('HINCRBY', KEYS[4], ARGV[1], 1)
      redis.call('XADD', KEYS[3], '*', 'n', number, 'i', ARGV[7], 's', ARGV[i],
        't', ARGV[i + 1], 'g', ARGV[i + 2], 'd', ARGV[i + 3])
      appended = appended + 1
    end
  end
  if appended == 0 then return end
  redis.call('XTRIM', KEYS[3], 'MAXLEN', '~', ARGV[5])
  redis.call('XTRIM', KEYS[3], 'MINID', '~', text(math.max(0, now() - tonumber(ARGV[6]))))
  redis.call('SPUBLISH', ARGV[4], 'stream')
end`;

/**
 * Resharding. KEYS 1 plan, 2 next, 3 members, 4 record: what the shards in service have delivered, by instance, with the
 * generation in the field `-`. ARGV 1 channel of changes. `next` has the fields of the generation that is to take over, the
 * instances that take part, and in `by INSTANCE` the last report: phase, ready shards in service, ready next shards.
 * `check()` ends what rests on a member that is gone. `adopt()` puts a generation in service.
 */
export const SUCCESSION = `
local FOLLOWING = { preparing = 'recording', recording = 'buffering', buffering = 'freezing', freezing = 'catchingUp' }
local function changed()
  redis.call('SPUBLISH', ARGV[1], 'changed')
end
local function adopt(total, generation)
  local streams = math.max(redis.call('HGET', KEYS[1], 'streams') or 0, redis.call('HGET', KEYS[1], 'total') or 0, total)
  local last = math.max(redis.call('HGET', KEYS[1], 'last') or 0, generation)
  redis.call('HSET', KEYS[1], 'total', total, 'generation', generation, 'streams', streams, 'last', text(last))
  changed()
end
local function living()
  local at, present, rows = now(), {}, redis.call('HGETALL', KEYS[3])
  for i = 1, #rows, 2 do
    if tonumber(string.match(rows[i + 1], '^%d+')) > at then present[rows[i]] = true end
  end
  return present
end
local function prepare(generation, total, attempt, leader)
  redis.call('DEL', KEYS[2], KEYS[4])
  redis.call('HSET', KEYS[2], 'generation', generation, 'total', total, 'attempt', attempt, 'phase', 'preparing',
    'leader', leader)
  redis.call('HSET', KEYS[4], '-', generation)
  changed()
end
local function restart()
  local next = redis.call('HMGET', KEYS[2], 'generation', 'total', 'attempt', 'leader')
  prepare(next[1], next[2], next[3] + 1, next[4])
end
local function abandon(code, message)
  local generation = redis.call('HGET', KEYS[2], 'generation')
  redis.call('HSET', KEYS[1], 'abandoned', generation .. ' ' .. code .. ' ' .. message)
  redis.call('DEL', KEYS[2])
  changed()
end
local function check()
  local next = redis.call('HMGET', KEYS[2], 'leader', 'participants')
  if not next[1] then return end
  local present = living()
  if not present[next[1]] then return abandon('RESHARD_REFUSED', 'the node that led the resharding is gone') end
  for name in string.gmatch(next[2] or '', '%S+') do
    if not present[name] then return restart() end
  end
end`;
