import { script } from '../script.ts';
import { TIME } from './shared.lua.ts';

/**
 * Counts what a group has before it in some streams.
 * KEYS 1 numbers, 2 read, 3 dead letters; then stream and redelivered of each shard. ARGV 1 group; then the shards.
 * Returns `ok`, the number of dead letters; then pending and lag of each shard.
 */
export const LOG_STATUS = script(
  'log-status',
  `
local function pending(key)
  local reply = redis.pcall('XPENDING', key, ARGV[1])
  return reply.err and 0 or reply[1]
end
local counts = { 'ok', redis.call('XLEN', KEYS[3]) }
for i = 2, #ARGV do
  local stream, again = KEYS[2 * i], KEYS[2 * i + 1]
  local length, last = redis.call('XLEN', stream), redis.call('HGET', KEYS[2], ARGV[i])
  local lag = math.min(length, (redis.call('HGET', KEYS[1], ARGV[i]) or 0) - (last or 0))
  local redelivered = pending(again)
  table.insert(counts, pending(stream) + redelivered)
  table.insert(counts, math.max(0, lag) + redis.call('XLEN', again) - redelivered)
end
return counts`,
);

/** Removes old entries of streams. KEYS streams. ARGV 1 max age in ms. Returns `ok`. */
export const SWEEP = script(
  'sweep',
  TIME,
  `
local oldest = text(math.max(0, now() - tonumber(ARGV[1])))
for _, key in ipairs(KEYS) do redis.call('XTRIM', key, 'MINID', oldest) end
return { 'ok' }`,
);
