import { script } from '../script.ts';

/** Removes a member. KEYS 1 members. ARGV 1 instance, 2 channel of changes. Returns `ok`. */
export const FORGET_MEMBER = script(
  'forget-member',
  `
if redis.call('HDEL', KEYS[1], ARGV[1]) == 1 then redis.call('SPUBLISH', ARGV[2], 'changed') end
return { 'ok' }`,
);
