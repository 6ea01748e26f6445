import { script } from '../script.ts';
import { LEASES, PRESENCE, TIME } from './shared.lua.ts';

/**
 * Renews leases of one instance, or none: a partition without any must hear that members can reach it.
 * KEYS 1 leases, 2 birth, 3 seen; then the session of each lease. ARGV 1 instance, 2 TTL in ms; then of each lease the
 * shard, the fence, and the session id that it should have, or ''.
 * Returns `ok`, the shards that are fenced, and the shards whose lease or session is forgotten.
 */
export const RENEW = script(
  'renew',
  TIME,
  LEASES,
  PRESENCE,
  `
local at, lost = now(), { fenced = {}, forgotten = {} }
redis.call('SET', KEYS[2], text(at), 'NX')
presence(KEYS[3], at, tonumber(ARGV[2]))
for i = 3, #ARGV, 3 do
  local state, row = standing(KEYS[1], ARGV[i], ARGV[i + 1], ARGV[1])
  if state == 'held' then
    row.expires = at + tonumber(ARGV[2])
    store(KEYS[1], ARGV[i], row)
    if ARGV[i + 2] ~= '' and redis.call('HGET', KEYS[3 + i / 3], 'id') ~= ARGV[i + 2] then
      table.insert(lost.forgotten, ARGV[i])
    end
  else
    table.insert(lost[state], ARGV[i])
  end
end
return { 'ok', lost.fenced, lost.forgotten }`,
);
