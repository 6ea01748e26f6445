import { script } from '../script.ts';

/** Reads dead letters. KEYS 1 dead letters. ARGV 1 first id, 2 count. Returns `ok` and the entries. */
export const DEAD_LETTERS = script(
  'dead-letters',
  `
return { 'ok', redis.call('XRANGE', KEYS[1], ARGV[1], '+', 'COUNT', ARGV[2]) }`,
);

/**
 * Moves a dead letter into the stream of what is redelivered to its group. Has no effect if it is not there.
 * KEYS 1 dead letters, 2 redelivered, 3 buried. ARGV 1 group, 2 id, 3 channel of the shard. Returns `ok`.
 */
export const REDELIVER = script(
  'redeliver',
  `
local entry = redis.call('XRANGE', KEYS[1], ARGV[2], ARGV[2])[1]
if not entry then return { 'ok' } end
local created = redis.pcall('XGROUP', 'CREATE', KEYS[2], ARGV[1], '0', 'MKSTREAM')
if created.err and not string.find(created.err, 'BUSYGROUP', 1, true) then return created end
redis.call('XADD', KEYS[2], '*', unpack(entry[2]))
redis.call('XDEL', KEYS[1], ARGV[2])
redis.call('SREM', KEYS[3], entry[2][2])
redis.call('SPUBLISH', ARGV[3], 'stream')
return { 'ok' }`,
);
