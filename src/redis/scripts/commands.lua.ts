import { script } from '../script.ts';
import { LEASES, TIME } from './shared.lua.ts';

/**
 * Adds a command to the queue of its shard. One of the same key that waits is removed, and its sender gets an answer.
 * The hash of commands has `i:ID` with `DUE_AT FROM KEY JSON`, and `k:KEY` with the id.
 * KEYS 1 queue, 2 commands, 3 seen. ARGV 1 id, 2 sender, 3 key or '-', 4 timeout in ms, 5 JSON, 6 channel of the shard, 7 how
 * channels of answers begin. Returns `ok`, also if the command was sent before.
 */
export const SEND_COMMAND = script(
  'send-command',
  TIME,
  `
if not redis.call('SET', KEYS[3], '1', 'PX', ARGV[4], 'NX') then return { 'ok' } end
if ARGV[3] ~= '-' then
  local old = redis.call('HGET', KEYS[2], 'k:' .. ARGV[3])
  if old and redis.call('LREM', KEYS[1], 1, old) == 1 then
    local sender = string.match(redis.call('HGET', KEYS[2], 'i:' .. old) or '', '^%d+ (%S+)') or '-'
    redis.call('HDEL', KEYS[2], 'i:' .. old)
    redis.call('SPUBLISH', ARGV[7] .. sender, cjson.encode({ id = old, kind = 'superseded' }))
  end
  redis.call('HSET', KEYS[2], 'k:' .. ARGV[3], ARGV[1])
end
local command = text(now() + tonumber(ARGV[4])) .. ' ' .. ARGV[2] .. ' ' .. ARGV[3] .. ' ' .. ARGV[5]
redis.call('HSET', KEYS[2], 'i:' .. ARGV[1], command)
redis.call('RPUSH', KEYS[1], ARGV[1])
-- What no node takes must not stay. The time is only ever extended.
local keep = text(tonumber(ARGV[4]) + 600000)
for i = 1, 2 do
  if redis.call('PEXPIRE', KEYS[i], keep, 'NX') == 0 then redis.call('PEXPIRE', KEYS[i], keep, 'GT') end
end
redis.call('SPUBLISH', ARGV[6], 'commands')
return { 'ok' }`,
);

/**
 * Takes commands from the head of a queue. Those that were taken before, and of which the caller knows nothing, go back
 * to the head first. Late ones are dropped.
 * KEYS 1 leases, 2 queue, 3 taken, 4 commands. ARGV 1 shard, 2 fence, 3 instance, 4 count; then the ids under way.
 * Returns `held` and the JSON of each; `forgotten` or `fenced`.
 */
export const TAKE_COMMANDS = script(
  'take-commands',
  TIME,
  LEASES,
  `
local state = standing(KEYS[1], ARGV[1], ARGV[2], ARGV[3])
if state ~= 'held' then return { state } end
local at, underway, found = now(), {}, { state }
for i = 5, #ARGV do underway[ARGV[i]] = true end
local taken = redis.call('LRANGE', KEYS[3], 0, -1)
for i = #taken, 1, -1 do
  if not underway[taken[i]] then
    redis.call('LREM', KEYS[3], 1, taken[i])
    redis.call('LPUSH', KEYS[2], taken[i])
  end
end
while #found <= tonumber(ARGV[4]) do
  local id = redis.call('LPOP', KEYS[2])
  if not id then break end
  local due, key, json = string.match(redis.call('HGET', KEYS[4], 'i:' .. id) or '', '^(%d+) %S+ (%S+) (.*)$')
  if due and tonumber(due) > at then
    redis.call('RPUSH', KEYS[3], id)
    table.insert(found, json)
  else
    redis.call('HDEL', KEYS[4], 'i:' .. id)
    if key and redis.call('HGET', KEYS[4], 'k:' .. key) == id then redis.call('HDEL', KEYS[4], 'k:' .. key) end
  end
end
return found`,
);

/**
 * Ends a command that was taken, and sends the answer. Has no effect if it has ended already.
 * KEYS 1 leases, 2 taken, 3 queue, 4 commands. ARGV 1 shard, 2 fence, 3 instance, 4 id, 5 key or '-', 6 channel, 7 answer as
 * JSON. Returns `held`, `forgotten` or `fenced`.
 */
export const END_COMMAND = script(
  'end-command',
  TIME,
  LEASES,
  `
local state = standing(KEYS[1], ARGV[1], ARGV[2], ARGV[3])
if state ~= 'held' then return { state } end
if redis.call('LREM', KEYS[2], 1, ARGV[4]) + redis.call('LREM', KEYS[3], 1, ARGV[4]) == 0 then return { state } end
redis.call('HDEL', KEYS[4], 'i:' .. ARGV[4])
if redis.call('HGET', KEYS[4], 'k:' .. ARGV[5]) == ARGV[4] then redis.call('HDEL', KEYS[4], 'k:' .. ARGV[5]) end
redis.call('SPUBLISH', ARGV[6], ARGV[7])
return { state }`,
);

/** Counts the commands that wait. KEYS 1 queue. Returns `ok` and their number. */
export const COUNT_COMMANDS = script(
  'count-commands',
  `
return { 'ok', redis.call('LLEN', KEYS[1]) }`,
);
