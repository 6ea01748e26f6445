import { script } from '../script.ts';
import { TIME } from './shared.lua.ts';

/** Reads a hash of members or leases, and the time. KEYS 1 hash. Returns `ok`, the time, and fields with values. */
export const HASH = script(
  'hash',
  TIME,
  `
return { 'ok', now(), redis.call('HGETALL', KEYS[1]) }`,
);
