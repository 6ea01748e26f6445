import { script } from '../script.ts';
import { LEASES } from './shared.lua.ts';

/** Says what a lease is worth. KEYS 1 leases. ARGV 1 shard, 2 fence, 3 instance. Returns `held`, `forgotten` or `fenced`. */
export const HELD = script(
  'held',
  LEASES,
  `
local state = standing(KEYS[1], ARGV[1], ARGV[2], ARGV[3])
return { state }`,
);
