import { MemorySessionStore } from '../../src/session/memory-session-store.ts';
import { describeSessionStore } from '../kit/session-store-conformance.ts';

describeSessionStore('MemorySessionStore', async () => ({ store: new MemorySessionStore(), close: async () => {} }));
