import { script } from '../script.ts';
import { SUCCESSION, TIME } from './shared.lua.ts';

/**
 * Begins a generation of shards. Its number is the time, or one more than the last: so it also grows when the server has
 * forgotten the earlier ones.
 * KEYS 1 plan, 2 next, 3 members, 4 record. ARGV 1 channel of changes, 2 instance of the leader, 3 shard count.
 * Returns `begun` and the generation; `refused` without a plan, or if another one is to take over.
 */
export const BEGIN_SUCCESSION = script(
  'begin-succession',
  TIME,
  SUCCESSION,
  `
check()
if redis.call('HEXISTS', KEYS[1], 'total') == 0 or redis.call('EXISTS', KEYS[2]) == 1 then return { 'refused' } end
local generation = text(math.max((redis.call('HGET', KEYS[1], 'last') or 0) + 1, now()))
redis.call('HSET', KEYS[1], 'last', generation)
prepare(generation, ARGV[3], 1, ARGV[2])
return { 'begun', generation }`,
);

/**
 * Notes what a node has done. When all have done it, the next phase begins, or the next generation is in service.
 * KEYS 1 plan, 2 next, 3 members, 4 record. ARGV 1 channel of changes, 2 instance, 3 generation, 4 attempt, 5 phase,
 * 6 and 7 the number of ready shards in service and of the next generation, 8 digests in lines, or '', 9 for how many ms the
 * record is kept once the generation is in service.
 * Returns `ok`, also for another attempt or phase, which changes nothing.
 */
export const REPORT_SUCCESSION = script(
  'report-succession',
  TIME,
  SUCCESSION,
  `
check()
local next = redis.call('HMGET', KEYS[2], 'generation', 'attempt', 'phase', 'total', 'participants')
if next[1] ~= ARGV[3] or next[2] ~= ARGV[4] or next[3] ~= ARGV[5] then return { 'ok' } end
redis.call('HSET', KEYS[2], 'by ' .. ARGV[2], ARGV[5] .. ' ' .. ARGV[6] .. ' ' .. ARGV[7])
if ARGV[8] ~= '' then redis.call('HSET', KEYS[4], ARGV[2], ARGV[8]) end
if ARGV[5] == 'preparing' then
  local present, ready, current, coming = living(), {}, 0, 0
  local rows = redis.call('HGETALL', KEYS[2])
  for i = 1, #rows, 2 do
    local name = string.match(rows[i], '^by (.+)$')
    if name and present[name] then
      local ours, theirs = string.match(rows[i + 1], '(%d+) (%d+)$')
      current, coming = current + tonumber(ours), coming + tonumber(theirs)
      table.insert(ready, name)
    end
  end
  if coming ~= tonumber(next[4]) or current ~= tonumber(redis.call('HGET', KEYS[1], 'total')) then return { 'ok' } end
  redis.call('HSET', KEYS[2], 'participants', table.concat(ready, ' '))
else
  for name in string.gmatch(next[5], '%S+') do
    local report = redis.call('HGET', KEYS[2], 'by ' .. name) or ''
    if string.match(report, '^%S*') ~= ARGV[5] then return { 'ok' } end
  end
end
local following = FOLLOWING[ARGV[5]]
if following then
  redis.call('HSET', KEYS[2], 'phase', following)
  changed()
else
  redis.call('DEL', KEYS[2])
  redis.call('PEXPIRE', KEYS[4], ARGV[9])
  adopt(next[4], next[1])
end
return { 'ok' }`,
);

/**
 * Begins a generation again with `preparing`, or gives it up.
 * KEYS 1 plan, 2 next, 3 members, 4 record. ARGV 1 channel of changes, 2 generation, 3 the attempt that has failed, or ''
 * to give the generation up; then 4 code and 5 message.
 * Returns `ok`, also if it was another one.
 */
export const END_SUCCESSION = script(
  'end-succession',
  TIME,
  SUCCESSION,
  `
local next = redis.call('HMGET', KEYS[2], 'generation', 'attempt')
if next[1] ~= ARGV[2] then return { 'ok' } end
if ARGV[3] == '' then abandon(ARGV[4], ARGV[5])
elseif next[2] == ARGV[3] then restart() end
return { 'ok' }`,
);

/**
 * Lets what is stored of a generation that is no longer needed end for good.
 * KEYS leases, seen, sessions and snapshots. ARGV 1 after how many ms. Returns `ok`.
 */
export const RETIRE_GENERATION = script(
  'retire-generation',
  `
for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, ARGV[1]) end
return { 'ok' }`,
);
