import { describe, expect, test } from 'vitest';
import { GatewayError } from '../../src/protocol/errors.ts';
import { ClaimedSessionStore } from '../../src/session/claimed-session-store.ts';
import { MemorySessionStore } from '../../src/session/memory-session-store.ts';
import type { ClaimOptions, SessionLease } from '../../src/session/session-store.ts';
import { aSession } from '../kit/session-store-conformance.ts';

const IN_USE = new GatewayError('SESSION_IN_USE', 'another process');

/** A store with owners that records the calls. */
class OwnedStore extends MemorySessionStore {
  readonly calls: string[] = [];
  /** What the next claims throw, without a promise. */
  throws: unknown = null;
  isLost = false;
  #fence = 0;

  claim(_shardId: number, { takeOver = false }: ClaimOptions): Promise<SessionLease> {
    if (this.throws !== null && !takeOver) throw this.throws;
    this.#fence += 1;
    const fence = this.#fence;
    this.calls.push(`claim ${fence}`);
    return Promise.resolve({ fence, release: async () => void this.calls.push(`release ${fence}`) });
  }

  override async save(session: ReturnType<typeof aSession>, lease?: SessionLease): Promise<void> {
    if (this.isLost) throw IN_USE;
    this.calls.push(`save ${session.sequence} with ${lease?.fence ?? 'no lease'}`);
    await super.save(session);
  }
}

describe('ClaimedSessionStore', () => {
  test('keeps the lease from hold() to release()', async () => {
    const owned = new OwnedStore();
    const store = new ClaimedSessionStore(owned);
    await Promise.all([store.hold(0), store.hold(0)]);
    await store.save(aSession({ sequence: 1 }));
    await store.hold(0);
    await store.release();
    await store.release();
    expect(owned.calls).toEqual(['claim 1', 'save 1 with 1', 'release 1']);
  });

  test('claims a shard that is not held for the time of one write', async () => {
    const owned = new OwnedStore();
    await new ClaimedSessionStore(owned).save(aSession({ sequence: 1 }));
    expect(owned.calls).toEqual(['claim 1', 'save 1 with 1', 'release 1']);
  });

  test('claims again with the next write after a claim that failed, however it failed', async () => {
    const owned = new OwnedStore();
    const store = new ClaimedSessionStore(owned);
    owned.throws = new Error('the disk is full');
    await expect(store.hold(0)).rejects.toBe(owned.throws);
    await expect(store.save(aSession())).rejects.toBe(owned.throws);
    owned.throws = null;
    await store.save(aSession({ sequence: 2 }));
    expect(owned.calls).toEqual(['claim 1', 'save 2 with 1']);
  });

  test('neither writes nor claims once the lease is lost, until hold()', async () => {
    const owned = new OwnedStore();
    const store = new ClaimedSessionStore(owned);
    await store.hold(0);
    owned.isLost = true;
    await expect(store.save(aSession())).rejects.toBe(IN_USE);
    owned.isLost = false;
    await expect(store.save(aSession())).rejects.toBe(IN_USE);
    await expect(store.clear(0)).rejects.toBe(IN_USE);
    await store.hold(0);
    await store.save(aSession({ sequence: 3 }));
    expect(owned.calls).toEqual(['claim 1', 'claim 2', 'save 3 with 2']);
  });

  test('takes over although a claim without it is under way', async () => {
    const owned = new OwnedStore();
    owned.throws = IN_USE;
    const store = new ClaimedSessionStore(owned);
    const refused = store.hold(0);
    const taken = store.hold(0, { takeOver: true });
    await expect(refused).rejects.toBe(IN_USE);
    await taken;
    expect(owned.calls).toEqual(['claim 1']);
  });

  test('passes no lease to a store without owners', async () => {
    const memory = new MemorySessionStore();
    const store = new ClaimedSessionStore(memory);
    await store.hold(0);
    await store.save(aSession());
    await store.release();
    expect([store.hasOwners, await store.load(0)]).toEqual([false, aSession()]);
  });
});
