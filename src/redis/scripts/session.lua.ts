import { script } from '../script.ts';
import { LEASES, TIME } from './shared.lua.ts';

/**
 * Reads a session. KEYS 1 leases, 2 session. ARGV 1 shard, 2 fence, 3 instance.
 * Returns `held`, the sequence and the session as JSON, both '' if there is no session; or `forgotten`, `fenced`.
 */
export const LOAD_SESSION = script(
  'session',
  TIME,
  LEASES,
  `
local state = standing(KEYS[1], ARGV[1], ARGV[2], ARGV[3])
local stored = redis.call('HMGET', KEYS[2], 'seq', 'data')
return { state, stored[1] or '', stored[2] or '' }`,
);

/**
 * Deletes a session and its snapshot. KEYS 1 leases, 2 session, 3 snapshot. ARGV 1 shard, 2 fence, 3 instance.
 * Returns `held`, `forgotten` or `fenced`.
 */
export const CLEAR_SESSION = script(
  'clear-session',
  TIME,
  LEASES,
  `
local state = standing(KEYS[1], ARGV[1], ARGV[2], ARGV[3])
if state == 'held' then redis.call('DEL', KEYS[2], KEYS[3]) end
return { state }`,
);
