import { script } from '../script.ts';
import { LEASES, TIME } from './shared.lua.ts';

/**
 * Writes a lease that the server has forgotten, unless another instance has the same fence or a higher one. A session
 * that the server still has keeps its sequence: it is what the stream has. A group is created again from the start.
 * KEYS 1 leases, 2 birth, 3 session; for a group also 4 stream, 5 known groups. ARGV 1 shard, 2 fence, 3 instance,
 * 4 TTL in ms, 5 channel of changes, 6 session id or '', 7 sequence, 8 session as JSON, 9 group or ''.
 * Returns `restored`, or `refused`.
 */
export const RESTORE = script(
  'restore',
  TIME,
  LEASES,
  `
local at = now()
redis.call('SET', KEYS[2], text(at), 'NX')
if standing(KEYS[1], ARGV[1], ARGV[2], ARGV[3]) == 'fenced' then return { 'refused' } end
store(KEYS[1], ARGV[1], { fence = tonumber(ARGV[2]), owner = ARGV[3], expires = at + tonumber(ARGV[4]),
  reserved = 0, target = '-' })
if ARGV[6] ~= '' then
  if redis.call('HGET', KEYS[3], 'id') ~= ARGV[6] then
    redis.call('HSET', KEYS[3], 'id', ARGV[6], 'seq', ARGV[7])
  end
  redis.call('HSET', KEYS[3], 'data', ARGV[8])
end
if KEYS[4] then
  local created = redis.pcall('XGROUP', 'CREATE', KEYS[4], ARGV[9], '0', 'MKSTREAM')
  if created.err and not string.find(created.err, 'BUSYGROUP', 1, true) then return created end
  redis.call('SADD', KEYS[5], ARGV[9])
end
redis.call('SPUBLISH', ARGV[5], ARGV[3])
return { 'restored' }`,
);
