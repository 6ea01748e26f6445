import { script } from '../script.ts';
import { LEASES, PRESENCE, TIME } from './shared.lua.ts';

/**
 * Takes a shard that has no owner. The fence is the time, or one more than the last: so fences also grow when the server
 * has forgotten the earlier ones. A member that has the shard gets its lease again.
 * KEYS 1 leases, 2 birth, 3 seen. ARGV 1 shard, 2 instance, 3 TTL in ms, 4 channel of changes.
 * Returns `claimed` and the fence; `taken` if it has an owner or is reserved; `young` if it has no row, and the server
 * was empty less than half of the TTL ago, or if the lease of another has ended, and no member called for long before.
 * The message is the instance.
 */
export const CLAIM = script(
  'claim',
  TIME,
  LEASES,
  PRESENCE,
  `
local at, row = now(), lease(KEYS[1], ARGV[1])
redis.call('SET', KEYS[2], text(at), 'NX')
local since = presence(KEYS[3], at, tonumber(ARGV[3]))
if row == nil then
  if at - redis.call('GET', KEYS[2]) < ARGV[3] / 2 then return { 'young' } end
  row = { fence = 0, owner = '-', expires = 0, reserved = 0, target = '-' }
end
if row.owner ~= '-' and row.expires > at then
  if row.owner == ARGV[2] then return { 'claimed', row.fence } end
  return { 'taken' }
end
if row.owner ~= '-' and row.owner ~= ARGV[2] and at - since < ARGV[3] / 2 then return { 'young' } end
if row.target ~= '-' and row.target ~= ARGV[2] and row.reserved > at then return { 'taken' } end
row.fence = math.max(row.fence + 1, at)
row.owner, row.expires, row.target, row.reserved = ARGV[2], at + tonumber(ARGV[3]), '-', 0
store(KEYS[1], ARGV[1], row)
redis.call('SPUBLISH', ARGV[4], ARGV[2])
return { 'claimed', row.fence }`,
);
