import { script } from '../script.ts';
import { LEASES, TIME } from './shared.lua.ts';

/**
 * Gives a shard up, and puts the commands that were taken and not done back to the head of the queue. The row stays, so
 * that the next fence is higher.
 * KEYS 1 leases; for a shard also 2 queue, 3 taken. ARGV 1 shard, 2 fence, 3 instance, 4 the instance it is reserved for, or '-', 5 for
 * how many ms, 6 channel of changes.
 * Returns `ok`, also if the lease is lost; `forgotten`. The message is the instance it is reserved for, or `changed`.
 */
export const RELEASE = script(
  'release',
  TIME,
  LEASES,
  `
local state, row = standing(KEYS[1], ARGV[1], ARGV[2], ARGV[3])
if state == 'forgotten' then return { state } end
if state == 'fenced' then return { 'ok' } end
row.owner, row.expires, row.target, row.reserved = '-', 0, ARGV[4], now() + tonumber(ARGV[5])
store(KEYS[1], ARGV[1], row)
while KEYS[3] and redis.call('LMOVE', KEYS[3], KEYS[2], 'RIGHT', 'LEFT') do end
redis.call('SPUBLISH', ARGV[6], ARGV[4] == '-' and 'changed' or ARGV[4])
return { 'ok' }`,
);
