import { script } from '../script.ts';
import { TIME } from './shared.lua.ts';

/** Reads what decides whether a server can be used. KEYS 1 any key, for the slot. Returns `ok` and its INFO. */
export const SERVER = script(
  'server',
  `
local info = {}
for _, section in ipairs({ 'server', 'memory', 'persistence', 'replication' }) do
  table.insert(info, redis.call('INFO', section))
end
return { 'ok', table.concat(info) }`,
);

/** Reads the time, in ms since the epoch. KEYS 1 any key, for the slot. Returns `ok` and the time. */
export const CLOCK = script('clock', TIME, `return { 'ok', now() }`);
