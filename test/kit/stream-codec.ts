/** Set up in front of every test file with `SHARDWRIGHT_CODEC=stream`: shards decode as on a Node they do not know. */
import { vi } from 'vitest';

vi.mock('../../src/actors/sync-inflater-check.ts', () => ({ syncInflaterWorks: () => false }));
