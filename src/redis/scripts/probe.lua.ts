import { script } from '../script.ts';
import { TIME } from './shared.lua.ts';

/**
 * Checks that the server can be written to, and notes when this part of the engine was empty for the last time.
 * KEYS 1 birth. Returns `ok`.
 */
export const PROBE = script(
  'probe',
  TIME,
  `
redis.call('SET', KEYS[1], text(now()), 'NX')
return { 'ok' }`,
);
