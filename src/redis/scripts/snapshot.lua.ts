import { script } from '../script.ts';
import { LEASES, TIME } from './shared.lua.ts';

/** Reads a snapshot. KEYS 1 snapshot. Returns `ok` and the bytes, '' if there are none. */
export const LOAD_SNAPSHOT = script(
  'load-snapshot',
  `
return { 'ok', redis.call('GET', KEYS[1]) or '' }`,
);

/**
 * Writes a snapshot, or the end of one. KEYS 1 leases, 2 snapshot. ARGV 1 shard, 2 fence, 3 instance, 4 SET or APPEND,
 * 5 bytes. Returns `held`, `forgotten` or `fenced`.
 */
export const WRITE_SNAPSHOT = script(
  'write-snapshot',
  TIME,
  LEASES,
  `
local state = standing(KEYS[1], ARGV[1], ARGV[2], ARGV[3])
if state == 'held' then redis.call(ARGV[4], KEYS[2], ARGV[5]) end
return { state }`,
);
