/** The contract of every session store, as tests. */
import { afterEach, describe, expect, test } from 'vitest';
import type { Session } from '../../src/session/session.ts';
import type { SessionStore } from '../../src/session/session-store.ts';

export interface StoreRig {
  readonly store: SessionStore;
  close(): Promise<void>;
}

export const aSession = (change: Partial<Session> = {}): Session => ({
  sessionId: '0123456789abcdef',
  resumeUrl: 'wss://gateway-us-east1-b.discord.gg',
  sequence: 42,
  shardId: 0,
  shardCount: 4,
  ...change,
});

export function describeSessionStore(name: string, open: () => Promise<StoreRig>): void {
  const rigs: StoreRig[] = [];

  const newStore = async (): Promise<SessionStore> => {
    const rig = await open();
    rigs.push(rig);
    return rig.store;
  };

  afterEach(async () => {
    for (const rig of rigs.splice(0)) await rig.close();
  });

  describe(`${name} as a session store`, () => {
    test('has no session at first', async () => {
      const store = await newStore();
      expect(await store.load(0)).toBeNull();
    });

    test('loads the session that was saved', async () => {
      const store = await newStore();
      await store.save(aSession());
      expect(await store.load(0)).toEqual(aSession());
    });

    test('replaces a session with the next one of the same shard', async () => {
      const store = await newStore();
      await store.save(aSession({ sequence: 1 }));
      await store.save(aSession({ sequence: 2, sessionId: 'another' }));
      expect(await store.load(0)).toEqual(aSession({ sequence: 2, sessionId: 'another' }));
    });

    test('keeps shards apart', async () => {
      const store = await newStore();
      await Promise.all([1, 2, 3].map((shardId) => store.save(aSession({ shardId, sequence: shardId * 10 }))));
      await store.clear(2);
      expect(await Promise.all([1, 2, 3].map((shardId) => store.load(shardId)))).toEqual([
        aSession({ shardId: 1, sequence: 10 }),
        null,
        aSession({ shardId: 3, sequence: 30 }),
      ]);
    });

    test('has no session after clear()', async () => {
      const store = await newStore();
      await store.save(aSession());
      await store.clear(0);
      expect(await store.load(0)).toBeNull();
    });

    test('resolves clear() for a shard without a session', async () => {
      const store = await newStore();
      await expect(store.clear(3)).resolves.toBeUndefined();
    });

    test('keeps the last of many concurrent saves', async () => {
      const store = await newStore();
      await Promise.all(Array.from({ length: 30 }, (_, sequence) => store.save(aSession({ sequence }))));
      expect(await store.load(0)).toEqual(aSession({ sequence: 29 }));
    });

    test('runs calls in their order, even if they are not awaited', async () => {
      const store = await newStore();
      const saved = store.save(aSession({ sequence: 7 }));
      const loaded = store.load(0);
      const cleared = store.clear(0);
      expect(await loaded).toEqual(aSession({ sequence: 7 }));
      expect(await saved).toBeUndefined();
      expect(await cleared).toBeUndefined();
      expect(await store.load(0)).toBeNull();
    });

    test('is not affected by later changes to a saved object', async () => {
      const store = await newStore();
      const session = { ...aSession() };
      const saved = store.save(session);
      session.sequence = 99;
      await saved;
      expect(await store.load(0)).toEqual(aSession());
    });

    test('is not affected by changes to a loaded object', async () => {
      const store = await newStore();
      await store.save(aSession());
      const loaded = await store.load(0);
      Object.assign(loaded ?? {}, { sequence: 99 });
      expect(await store.load(0)).toEqual(aSession());
    });

    test('keeps what a session belongs to', async () => {
      const store = await newStore();
      const session = aSession({
        bot: 'digest of the bot',
        intents: 513,
        version: 10,
        compression: 'none',
        encoding: 'json',
        presence: 'digest of the presence',
      });
      await store.save(session);
      expect(await store.load(0)).toEqual(session);
    });

    test('stores the fields of a session and no others', async () => {
      const store = await newStore();
      const extended = { ...aSession(), token: 'not to be stored' };
      await store.save(extended);
      expect(await store.load(0)).toEqual(aSession());
    });

    test('rejects an invalid session with INVALID_SESSION, and keeps the previous one', async () => {
      const store = await newStore();
      await store.save(aSession());
      await expect(store.save(aSession({ sequence: Number.NaN }))).rejects.toMatchObject({ code: 'INVALID_SESSION' });
      expect(await store.load(0)).toEqual(aSession());
    });
  });
}
