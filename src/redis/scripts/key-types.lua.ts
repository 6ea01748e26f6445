import { script } from '../script.ts';

/** Reads what kind of value keys have. KEYS any. Returns `ok` and a kind for each key: string, hash, none, … */
export const KEY_TYPES = script(
  'key-types',
  `
local kinds = { 'ok' }
for _, key in ipairs(KEYS) do table.insert(kinds, redis.call('TYPE', key).ok) end
return kinds`,
);
