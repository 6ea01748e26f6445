/** Set up before every test file with `SHARDWRIGHT_CODEC=stream`: shards use the public stream, as on an unknown Node. */
import { vi } from 'vitest';

vi.mock('../../src/decoding/sync-inflater-self-test.ts', () => ({ isSyncInflateTrusted: () => false }));
