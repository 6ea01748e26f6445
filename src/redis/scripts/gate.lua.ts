import { script } from '../script.ts';
import { TIME } from './shared.lua.ts';

/**
 * The gate is one hash: `keys` (max_concurrency), `total`, `left`, `reserve`, `unsent`, `resetAt`, `begins` (until when
 * an IDENTIFY may begin the period), `free` (when keys are free that have no time of their own), `f:KEY` (when a key is
 * free), and `p:KEY` (the permit of a key: `UNTIL HOLDER`), and `run` (which run of a server has answered).
 */
const GATE = `
local DAY, HOUR = 86400000, 3600000
local fields, gate = redis.call('HGETALL', KEYS[1]), {}
for i = 1, #fields, 2 do gate[fields[i]] = fields[i + 1] end
local function number(name) return tonumber(gate[name] or 0) end
local function set(name, value)
  gate[name] = text(value)
  redis.call('HSET', KEYS[1], name, gate[name])
end
local function drop(name)
  gate[name] = nil
  redis.call('HDEL', KEYS[1], name)
end
local function budget(state, ...) return { state, number('total'), number('left'), number('resetAt') - now(), ... } end`;

/** Begins a new period if the old one is over. Permits that are out belong to the new one. */
const PERIOD = `
if gate.keys and now() >= number('resetAt') then
  set('left', number('total') - number('unsent'))
  set('resetAt', now() + DAY)
  set('begins', 9e15)
end`;

/**
 * Applies an answer of GET /gateway/bot. Within a period the rest only shrinks. With other keys, an earlier IDENTIFY may
 * count for any of them, so all wait for the last one.
 * KEYS 1 gate, 2 birth. ARGV 1 keys, 2 total, 3 remaining, 4 ms to the reset, 5 reserve, 6 spacing in ms: what the
 * server has forgotten may be an IDENTIFY that was sent just before; 7 channel.
 * Returns `ok` and the budget: total, left, ms to the reset.
 */
export const UPDATE_GATE = script(
  'update-gate',
  TIME,
  GATE,
  PERIOD,
  `
local at, free, unsent = now(), number('free'), number('unsent')
redis.call('SET', KEYS[2], text(at), 'NX')
if not gate.keys then free = redis.call('GET', KEYS[2]) + ARGV[6] end
if gate.keys and gate.keys ~= ARGV[1] then
  for i = 1, #fields, 2 do
    local name, value = fields[i], fields[i + 1]
    local kind = string.sub(name, 1, 2)
    if kind == 'f:' or kind == 'p:' then
      free = math.max(free, tonumber(string.match(value, '^%d+')))
      redis.call('HDEL', KEYS[1], name)
      if kind == 'p:' then set('unsent', number('unsent') - 1) end
    end
  end
end
local left, resetAt = tonumber(ARGV[3]) - unsent, at + tonumber(ARGV[4])
if gate.keys and resetAt - number('resetAt') < 2 * HOUR then left = math.min(left, number('left')) end
redis.call('HSET', KEYS[1], 'keys', ARGV[1], 'reserve', ARGV[5])
set('total', tonumber(ARGV[2]))
set('left', left)
set('resetAt', resetAt)
set('begins', 0)
set('free', free)
redis.call('SPUBLISH', ARGV[7], 'changed')
return budget('ok')`,
);

/**
 * Notes which shards of one process wait, and gives out the permits that are due: of the shards of a key the lowest
 * first, over all processes. A permit that is not sent yet is given to its holder again, for the whole time.
 * KEYS 1 gate, 2 waiting. ARGV 1 process, 2 for how many ms the note holds, 3 for how many ms a permit holds its key;
 * then the shards, ascending. A process names the lowest shard of each key at least.
 * Returns `unset`; or `ok`, the budget, whether it is spent until the reset, ms to the next look, number of keys, and
 * the shards that have a permit.
 */
export const ACQUIRE_PERMITS = script(
  'acquire-permits',
  TIME,
  GATE,
  PERIOD,
  `
if not gate.keys then return { 'unset' } end
local at, keys, lowest, granted = now(), number('keys'), {}, {}
-- A server that has started again, or another one, may not know the latest IDENTIFY.
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
if gate.run and gate.run ~= run then set('free', math.max(number('free'), at + tonumber(ARGV[3]))) end
redis.call('HSET', KEYS[1], 'run', run)
local shards = table.concat(ARGV, ' ', 4)
if shards == '' then redis.call('HDEL', KEYS[2], ARGV[1])
else redis.call('HSET', KEYS[2], ARGV[1], text(at + tonumber(ARGV[2])) .. ' ' .. shards) end
local notes = redis.call('HGETALL', KEYS[2])
for i = 1, #notes, 2 do
  local holds, list = string.match(notes[i + 1], '^(%d+) (.*)$')
  if tonumber(holds) <= at then redis.call('HDEL', KEYS[2], notes[i])
  else
    for shard in string.gmatch(list, '%d+') do
      local key = shard % keys
      lowest[key] = math.min(lowest[key] or shard, shard)
    end
  end
end
local look = number('resetAt')
for i = 4, #ARGV do
  local key, holder = ARGV[i] % keys, ARGV[1] .. ' ' .. ARGV[i]
  local held, owner = string.match(gate['p:' .. key] or '', '^(%d+) (.*)$')
  if held and owner ~= holder and tonumber(held) <= at then
    drop('p:' .. key)
    set('unsent', number('unsent') - 1)
    held = nil
  end
  local free = math.max(number('free'), number('f:' .. key))
  if held and owner == holder then
    redis.call('HSET', KEYS[1], 'p:' .. key, text(at + tonumber(ARGV[3])) .. ' ' .. holder)
    table.insert(granted, ARGV[i])
  elseif held then look = math.min(look, tonumber(held))
  elseif free > at then look = math.min(look, free)
  elseif lowest[key] < tonumber(ARGV[i]) then look = math.min(look, at + 250)
  elseif number('left') > number('reserve') then
    set('left', number('left') - 1)
    set('unsent', number('unsent') + 1)
    gate['p:' .. key] = text(at + tonumber(ARGV[3])) .. ' ' .. holder
    redis.call('HSET', KEYS[1], 'p:' .. key, gate['p:' .. key])
    table.insert(granted, ARGV[i])
  end
end
local isSpent = number('left') + number('unsent') <= number('reserve') and 1 or 0
return budget('ok', isSpent, math.max(0, look - at), keys, granted)`,
);

/**
 * Ends a permit. The spacing counts from the IDENTIFY. The first IDENTIFY of a period begins it.
 * KEYS 1 gate. ARGV 1 process, 2 shard, 3 sent or release, 4 spacing in ms, 5 ms since the IDENTIFY, 6 channel.
 * Returns `ok` and the budget.
 */
export const SETTLE_PERMIT = script(
  'settle-permit',
  TIME,
  GATE,
  PERIOD,
  `
if not gate.keys then return budget('ok') end
local at, holder, field = now(), ARGV[1] .. ' ' .. ARGV[2], 'p:' .. ARGV[2] % number('keys')
local isHeld = string.match(gate[field] or '', '^%d+ (.*)$') == holder
if isHeld then
  drop(field)
  set('unsent', number('unsent') - 1)
end
if ARGV[3] == 'release' then
  if isHeld then set('left', number('left') + 1) end
  redis.call('SPUBLISH', ARGV[6], 'changed')
else
  local sentAt, free = at - tonumber(ARGV[5]), 'f:' .. ARGV[2] % number('keys')
  set(free, math.max(number(free), sentAt + tonumber(ARGV[4])))
  if at < number('begins') then
    set('resetAt', at + DAY)
    set('begins', math.min(number('begins'), at + HOUR))
  end
end
return budget('ok')`,
);
