import { script } from '../script.ts';
import { SUCCESSION, TIME } from './shared.lua.ts';

/**
 * Agrees on the shard count and the number of partitions: the first value that is written stays, but the count of a later
 * generation of shards takes its place. Then says what is in force, and which generation is to take over.
 * KEYS 1 plan, 2 next, 3 members, 4 record. ARGV 1 channel of changes, 2 the shard count, or '' to leave it; 3 its
 * generation; 4 the number of partitions, or ''.
 * Returns `ok`; total, generation, partitions, number of streams; generation, total, attempt, phase and leader of the
 * next one; each as text, '' for what is missing.
 */
export const PLAN = script(
  'plan',
  TIME,
  SUCCESSION,
  `
if ARGV[4] ~= '' then redis.call('HSETNX', KEYS[1], 'partitions', ARGV[4]) end
if ARGV[2] ~= '' then
  local known, generation = redis.call('HGET', KEYS[1], 'total'), tonumber(ARGV[3])
  if not known or tonumber(redis.call('HGET', KEYS[1], 'generation') or 0) < generation then
    adopt(ARGV[2], ARGV[3])
    if tonumber(redis.call('HGET', KEYS[2], 'generation') or generation + 1) <= generation then
      redis.call('DEL', KEYS[2])
    end
  end
end
check()
local plan = redis.call('HMGET', KEYS[1], 'total', 'generation', 'partitions', 'streams')
local next = redis.call('HMGET', KEYS[2], 'generation', 'total', 'attempt', 'phase', 'leader')
return { 'ok', plan[1] or '', plan[2] or '', plan[3] or '', plan[4] or '',
  next[1] or '', next[2] or '', next[3] or '', next[4] or '', next[5] or '' }`,
);
