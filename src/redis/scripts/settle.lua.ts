import { script } from '../script.ts';
import { LEASES, TIME } from './shared.lua.ts';

const HELD = `
local state = standing(KEYS[1], ARGV[1], ARGV[2], ARGV[3])
if state ~= 'held' then return { state } end`;

/**
 * Acknowledges entries. Redelivered ones are deleted, because no other group has them.
 * KEYS 1 leases, 2 stream, 3 redelivered. ARGV 1 shard, 2 fence, 3 instance, 4 group; then stream or again, and the id
 * of each entry. Returns `held`, `forgotten` or `fenced`.
 */
export const ACK = script(
  'ack',
  TIME,
  LEASES,
  HELD,
  `
for i = 5, #ARGV, 2 do
  if ARGV[i] == 'stream' then
    redis.call('XACK', KEYS[2], ARGV[4], ARGV[i + 1])
  else
    redis.call('XACK', KEYS[3], ARGV[4], ARGV[i + 1])
    redis.call('XDEL', KEYS[3], ARGV[i + 1])
  end
end
return { state }`,
);

/**
 * Counts one more attempt of an entry that is pending.
 * KEYS 1 leases, 2 the stream of the entry. ARGV 1 shard, 2 fence, 3 instance, 4 group, 5 id.
 * Returns `held` and the number of that attempt, 1 if the entry is not pending; `forgotten` or `fenced`.
 */
export const RETRY = script(
  'retry',
  TIME,
  LEASES,
  HELD,
  `
local rows = redis.pcall('XPENDING', KEYS[2], ARGV[4], ARGV[5], ARGV[5], 1)
if rows.err and not string.find(rows.err, 'NOGROUP', 1, true) then return rows end
local row = rows[1]
if not row then return { state, 1 } end
redis.call('XCLAIM', KEYS[2], ARGV[4], 'reader', 0, ARGV[5], 'RETRYCOUNT', row[4] + 1, 'JUSTID')
return { state, row[4] + 1 }`,
);

/**
 * Acknowledges an entry and keeps it as a dead letter, once.
 * KEYS 1 leases, 2 the stream of the entry, 3 dead letters, 4 buried (which shards and positions are
 * there). ARGV 1 shard, 2 fence, 3 instance, 4 group, 5 stream or again, 6 id, 7 how many dead letters are kept; then its
 * fields. Returns `held` and how many of the oldest were removed; `forgotten` or `fenced`.
 */
export const BURY = script(
  'bury',
  TIME,
  LEASES,
  HELD,
  `
redis.call('XACK', KEYS[2], ARGV[4], ARGV[6])
local letter = ARGV[1] .. ' ' .. ARGV[5] .. ' ' .. ARGV[6]
if redis.call('SADD', KEYS[4], letter) == 1 then redis.call('XADD', KEYS[3], '*', 'p', letter, unpack(ARGV, 8)) end
if ARGV[5] == 'again' then redis.call('XDEL', KEYS[2], ARGV[6]) end
local surplus, removed = redis.call('XLEN', KEYS[3]) - ARGV[7], {}
if surplus > 0 then removed = redis.call('XRANGE', KEYS[3], '-', '+', 'COUNT', math.min(surplus, 1000)) end
for _, oldest in ipairs(removed) do
  redis.call('XDEL', KEYS[3], oldest[1])
  redis.call('SREM', KEYS[4], oldest[2][2])
end
return { state, #removed }`,
);
