import { script } from '../script.ts';
import { LEASES, TIME } from './shared.lua.ts';

/**
 * Ends all leases of an instance in one partition, and what is reserved for it. Their rows stay, so that the next fences are higher.
 * KEYS 1 leases. ARGV 1 instance, 2 channel of changes. Returns `ok`.
 */
export const LEAVE = script(
  'leave',
  TIME,
  LEASES,
  `
local changed = false
for _, shard in ipairs(redis.call('HKEYS', KEYS[1])) do
  local row = lease(KEYS[1], shard)
  if row.owner == ARGV[1] then
    row.owner, row.expires, changed = '-', 0, true
    store(KEYS[1], shard, row)
  elseif row.target == ARGV[1] then
    row.target, row.reserved, changed = '-', 0, true
    store(KEYS[1], shard, row)
  end
end
if changed then redis.call('SPUBLISH', ARGV[2], 'changed') end
return { 'ok' }`,
);
