/** Set up in front of every test file with `SHARDWRIGHT_CODEC=stream`: shards decode as on a Node they do not know. */
import { vi } from 'vitest';

vi.mock('../../src/decoding/sync-inflater-self-test.ts', () => ({ isSyncInflateTrusted: () => false }));
