import { describe, expect, test } from 'vitest';
import { GatewayError } from '../../src/protocol/errors.ts';
import { ClaimedSessionStore } from '../../src/session/claimed-session-store.ts';
import { MemorySessionStore } from '../../src/session/memory-session-store.ts';
import type { ClaimOptions, SessionLease, SessionStore } from '../../src/session/session-store.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { aSession } from '../kit/session-store-conformance.ts';

const clock = new VirtualClock();
const faults: GatewayError[] = [];
const claimed = (store: SessionStore): ClaimedSessionStore =>
  new ClaimedSessionStore(store, { clock, timeoutMs: 10_000, report: (error) => void faults.push(error) });

const SILENT = {
  code: 'SESSION_STORE_FAILED',
  message: expect.stringContaining('did not answer within 10000 ms') as string,
} as const;
const never = (): Promise<never> => new Promise(() => undefined);

/** Resolves with the error that a call ends with. */
const errorOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => 'no error',
    (error: unknown) => error,
  );
const lease = async (): Promise<SessionLease> => ({ fence: 1, release: never });
const noLease = async (): Promise<SessionLease> => ({ fence: 1 }) as SessionLease;

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

/** A store whose newest lease comes after the time limit of its claim, while the shard has an older one. */
class LateLeaseStore extends OwnedStore {
  readonly late = Promise.withResolvers<SessionLease>();
  /** The lowest fence that may write. */
  lowestFence = 0;
  readonly store = claimed(this);
  #isFirst = true;

  override claim(shardId: number, options: ClaimOptions): Promise<SessionLease> {
    if (!this.#isFirst) return super.claim(shardId, options);
    this.#isFirst = false;
    return this.late.promise;
  }

  override async save(session: ReturnType<typeof aSession>, lease?: SessionLease): Promise<void> {
    if ((lease?.fence ?? 0) < this.lowestFence) throw IN_USE;
    await super.save(session, lease);
  }

  /** Gives up the first claim. Resolves with its error. */
  async expireClaim(): Promise<unknown> {
    const held = errorOf(this.store.hold(0));
    await clock.advanceAsync(10_000);
    return held;
  }

  /** The lease of the first claim comes. */
  async resolveLate(fence = 9): Promise<void> {
    this.late.resolve({ fence, release: async () => void this.calls.push(`release ${fence}`) });
    await clock.advanceAsync(0);
  }
}

describe('ClaimedSessionStore', () => {
  test('keeps the lease from hold() to release()', async () => {
    const owned = new OwnedStore();
    const store = claimed(owned);
    await Promise.all([store.hold(0), store.hold(0)]);
    await store.save(aSession({ sequence: 1 }));
    await store.hold(0);
    await store.release();
    await store.release();
    expect(owned.calls).toEqual(['claim 1', 'save 1 with 1', 'release 1']);
  });

  test('claims a shard that is not held for the time of one write', async () => {
    const owned = new OwnedStore();
    await claimed(owned).save(aSession({ sequence: 1 }));
    expect(owned.calls).toEqual(['claim 1', 'save 1 with 1', 'release 1']);
  });

  test('claims again with the next write after a claim that failed, however it failed', async () => {
    const owned = new OwnedStore();
    const store = claimed(owned);
    owned.throws = new Error('the disk is full');
    await expect(store.hold(0)).rejects.toBe(owned.throws);
    await expect(store.save(aSession())).rejects.toBe(owned.throws);
    owned.throws = null;
    await store.save(aSession({ sequence: 2 }));
    expect(owned.calls).toEqual(['claim 1', 'save 2 with 1']);
  });

  test.each([
    ['is refused if others have had the shard', 1, 'SESSION_IN_USE'],
    ['succeeds if no other has had the shard', 0, 'no error'],
  ])('after a run without a lease, a write of the stopped shard %s', async (_what, otherOwners, outcome) => {
    const owned = new OwnedStore();
    const store = claimed(owned);
    owned.throws = new Error('the disk is full');
    await expect(store.hold(0)).rejects.toBe(owned.throws);
    await expect(store.save(aSession())).rejects.toBe(owned.throws);
    await store.release();
    owned.throws = null;
    for (let other = 0; other < otherOwners; other += 1) await owned.claim(0, {});
    const error = await errorOf(store.save(aSession({ sequence: 2 })));
    expect(error instanceof GatewayError ? error.code : error).toBe(outcome);
    await store.hold(0);
    await store.save(aSession({ sequence: 3 }));
    expect(owned.calls.at(-1)).toBe(`save 3 with ${otherOwners + 2}`);
  });

  test('neither writes nor claims once the lease is lost, until hold()', async () => {
    const owned = new OwnedStore();
    const store = claimed(owned);
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
    const store = claimed(owned);
    const refused = store.hold(0);
    const taken = store.hold(0, { takeOver: true });
    await expect(refused).rejects.toBe(IN_USE);
    await taken;
    expect(owned.calls).toEqual(['claim 1']);
  });

  test('claims a shard in a store in memory too, if it has owners', async () => {
    const store = Object.assign(new MemorySessionStore(), { claim: () => Promise.reject(IN_USE) });
    expect(await errorOf(claimed(store).save(aSession()))).toBe(IN_USE);
  });

  test('passes no lease to a store without owners', async () => {
    const memory = new MemorySessionStore();
    const store = claimed(memory);
    await store.hold(0);
    await store.save(aSession());
    await store.release();
    expect([store.hasOwners, await store.load(0)]).toEqual([false, aSession()]);
  });

  test('refuses a lease that cannot be released', async () => {
    const store = claimed(Object.assign(new MemorySessionStore(), { claim: noLease }));
    await expect(store.hold(0)).rejects.toThrow('claim() of the session store returned no lease with release()');
  });
});

describe('ClaimedSessionStore with a store that does not answer', () => {
  test.each(['load', 'save', 'clear', 'claim'] as const)('ends %s() after its time limit', async (method) => {
    const owned = Object.assign(new OwnedStore(), { [method]: never });
    const store = claimed(owned);
    const call = {
      load: () => store.load(0),
      save: () => store.save(aSession()),
      clear: () => store.clear(0),
      claim: () => store.hold(0),
    };
    const ended = errorOf(call[method]());
    await clock.advanceAsync(10_000);
    expect(await ended).toMatchObject(SILENT);
  });

  test('claims again with the next write after a claim that was not answered', async () => {
    const owned = new OwnedStore();
    owned.claim = never;
    const store = claimed(owned);
    const held = errorOf(store.hold(0));
    await clock.advanceAsync(10_000);
    expect(await held).toMatchObject(SILENT);
    Reflect.deleteProperty(owned, 'claim');
    await store.save(aSession({ sequence: 2 }));
    expect(owned.calls).toEqual(['claim 1', 'save 2 with 1']);
  });

  test('releases a lease that comes after the time limit, and the store learns that it is no longer wanted', async () => {
    const owned = new OwnedStore();
    const late = Promise.withResolvers<SessionLease>();
    let signal: AbortSignal | undefined;
    owned.claim = (_, options) => {
      signal = options.signal;
      return late.promise;
    };
    const held = errorOf(claimed(owned).hold(0));
    await clock.advanceAsync(10_000);
    expect(await held).toMatchObject(SILENT);
    late.resolve({ fence: 9, release: async () => void owned.calls.push('release 9') });
    await clock.advanceAsync(0);
    expect(signal?.aborted).toBe(true);
    expect(owned.calls).toEqual(['release 9']);
  });

  test('writes with a lease that comes late, if it is newer than the one of a further claim', async () => {
    const owned = new LateLeaseStore();
    const { store } = owned;
    expect(await owned.expireClaim()).toMatchObject(SILENT);
    await store.hold(0);
    await owned.resolveLate();
    await store.save(aSession({ sequence: 2 }));
    await store.release();
    expect(owned.calls).toEqual(['claim 1', 'save 2 with 9', 'release 9']);
  });

  test('repeats what was refused last with a newer lease that comes late, and writes again', async () => {
    const owned = new LateLeaseStore();
    const { store } = owned;
    expect(await owned.expireClaim()).toMatchObject(SILENT);
    await store.hold(0);
    owned.lowestFence = 9;
    await expect(store.save(aSession({ sequence: 2 }))).rejects.toBe(IN_USE);
    await expect(store.save(aSession({ sequence: 3 }))).rejects.toBe(IN_USE);
    await owned.resolveLate();
    expect(owned.calls).toEqual(['claim 1', 'save 3 with 9']);
    await store.save(aSession({ sequence: 4 }));
    await store.release();
    expect(owned.calls).toEqual(['claim 1', 'save 3 with 9', 'save 4 with 9', 'release 9']);
  });

  test('releases a lease that comes late if it is older than the one that was refused', async () => {
    const owned = new LateLeaseStore();
    const { store } = owned;
    expect(await owned.expireClaim()).toMatchObject(SILENT);
    await store.hold(0);
    owned.lowestFence = 9;
    await expect(store.save(aSession())).rejects.toBe(IN_USE);
    await owned.resolveLate(0);
    await expect(store.save(aSession())).rejects.toBe(IN_USE);
    expect(owned.calls).toEqual(['claim 1', 'release 0']);
  });

  test('releases a lease that comes late for a shard that has stopped, although its last write was refused', async () => {
    const owned = new LateLeaseStore();
    const { store } = owned;
    expect(await owned.expireClaim()).toMatchObject(SILENT);
    await store.hold(0);
    owned.lowestFence = 9;
    await expect(store.save(aSession())).rejects.toBe(IN_USE);
    await store.release();
    await owned.resolveLate();
    expect(owned.calls).toEqual(['claim 1', 'release 9']);
  });

  test.each([
    ['a shard that keeps its lease', async (store: ClaimedSessionStore) => store.hold(0), []],
    ['a shard that has stopped', async (store: ClaimedSessionStore) => store.release(), ['release 9']],
  ])('repeats a write of %s that is refused because a newer lease came meanwhile', async (_, prepare, released) => {
    const owned = new LateLeaseStore();
    const { store } = owned;
    expect(await owned.expireClaim()).toMatchObject(SILENT);
    await prepare(store);
    const answer = Promise.withResolvers<void>();
    const save = owned.save.bind(owned);
    owned.save = async (session, used) => {
      if (used?.fence === 1) await answer.promise;
      await save(session, used);
    };
    const saved = store.save(aSession({ sequence: 2 }));
    await clock.advanceAsync(0);
    owned.lowestFence = 9;
    await owned.resolveLate();
    answer.resolve();
    await saved;
    expect(owned.calls).toEqual(['claim 1', 'save 2 with 9', ...released]);
  });

  test.each([
    ['is answered', (further: PromiseWithResolvers<SessionLease>) => further.resolve({ fence: 8, release: never })],
    ['is refused', (further: PromiseWithResolvers<SessionLease>) => further.reject(IN_USE)],
  ])('keeps a lease that comes late while a further claim is under way, which %s', async (_, settle) => {
    const owned = new LateLeaseStore();
    const { store } = owned;
    expect(await owned.expireClaim()).toMatchObject(SILENT);
    const further = Promise.withResolvers<SessionLease>();
    owned.claim = () => further.promise;
    const held = store.hold(0);
    await clock.advanceAsync(0);
    await owned.resolveLate();
    settle(further);
    await held;
    await store.save(aSession({ sequence: 2 }));
    await store.release();
    expect(owned.calls).toEqual(['save 2 with 9', 'release 9']);
  });

  test('reports a release that is not answered, and does not wait for it any longer', async () => {
    const store = claimed(Object.assign(new MemorySessionStore(), { claim: lease }));
    await store.hold(0);
    faults.length = 0;
    const released = store.release();
    await clock.advanceAsync(10_000);
    await released;
    expect(faults).toMatchObject([{ code: 'SESSION_STORE_FAILED', cause: SILENT }]);
  });

  test('repeats the latest write after an earlier one that ended too late', async () => {
    const memory = new MemorySessionStore();
    const late = Promise.withResolvers<void>();
    const store = claimed(
      Object.assign(new MemorySessionStore(), {
        save: async (session: ReturnType<typeof aSession>) => {
          if (session.sequence === 1) await late.promise;
          await memory.save(session);
        },
      }),
    );
    const first = errorOf(store.save(aSession({ sequence: 1 })));
    await clock.advanceAsync(10_000);
    expect(await first).toMatchObject(SILENT);
    await store.save(aSession({ sequence: 2 }));
    late.resolve();
    await clock.advanceAsync(0);
    expect(await memory.load(0)).toEqual(aSession({ sequence: 2 }));
  });

  test('repeats at most one write at a time, however long the store is too slow', async () => {
    let open = 0;
    let most = 0;
    let stored = 0;
    const slow = async ({ sequence }: ReturnType<typeof aSession>): Promise<void> => {
      open += 1;
      most = Math.max(most, open);
      await new Promise<void>((resolve) => void clock.setTimeout(resolve, 11_000));
      open -= 1;
      stored = sequence;
    };
    const store = claimed(Object.assign(new MemorySessionStore(), { save: slow }));
    for (let sequence = 1; sequence <= 50; sequence += 1) {
      const saved = errorOf(store.save(aSession({ sequence })));
      await clock.advanceAsync(10_000);
      expect(await saved).toMatchObject(SILENT);
    }
    await clock.advanceAsync(60_000);
    expect(most).toBeLessThanOrEqual(4);
    expect(open).toBe(0);
    expect(stored).toBe(50);
  });

  test('repeats the latest write again after one that ends while it is repeated', async () => {
    const ends: (() => void)[] = [];
    const writes: number[] = [];
    const save = async ({ sequence }: ReturnType<typeof aSession>): Promise<void> => {
      if (sequence < 4) await new Promise<void>((resolve) => void ends.push(resolve));
      writes.push(sequence);
    };
    const store = claimed(Object.assign(new MemorySessionStore(), { save }));
    for (const sequence of [1, 2, 3]) {
      const saved = errorOf(store.save(aSession({ sequence })));
      await clock.advanceAsync(10_000);
      expect(await saved).toMatchObject(SILENT);
    }
    ends[0]?.();
    await clock.advanceAsync(0);
    await store.save(aSession({ sequence: 4 }));
    ends[1]?.();
    await clock.advanceAsync(0);
    ends[3]?.();
    await clock.advanceAsync(0);
    expect(writes).toEqual([1, 4, 2, 3, 4]);
  });

  test('neither writes nor claims once a write was refused after its time limit', async () => {
    const owned = new OwnedStore();
    const store = claimed(owned);
    await store.hold(0);
    const refusal = Promise.withResolvers<void>();
    owned.save = () => refusal.promise;
    const saved = errorOf(store.save(aSession({ sequence: 1 })));
    await clock.advanceAsync(10_000);
    expect(await saved).toMatchObject(SILENT);
    Reflect.deleteProperty(owned, 'save');
    refusal.reject(IN_USE);
    await clock.advanceAsync(0);
    await expect(store.save(aSession({ sequence: 2 }))).rejects.toBe(IN_USE);
    expect(owned.calls).toEqual(['claim 1']);
  });

  test('goes on after a write was refused after its time limit because the shard has a newer lease', async () => {
    const owned = new OwnedStore();
    const store = claimed(owned);
    await store.hold(0);
    const refusal = Promise.withResolvers<void>();
    owned.save = () => refusal.promise;
    const saved = errorOf(store.save(aSession({ sequence: 1 })));
    await clock.advanceAsync(10_000);
    expect(await saved).toMatchObject(SILENT);
    Reflect.deleteProperty(owned, 'save');
    await store.release();
    await store.hold(0);
    refusal.reject(IN_USE);
    await clock.advanceAsync(0);
    await store.save(aSession({ sequence: 2 }));
    expect(owned.calls).toEqual(['claim 1', 'release 1', 'claim 2', 'save 2 with 2']);
  });

  test.each([
    ['is not answered', never, 10_000],
    ['fails', () => Promise.reject(new Error('the disk is full')), 0],
  ])('knows that another process has the shard although the next claim %s', async (_, claim, waitMs) => {
    const owned = new OwnedStore();
    owned.claim = () => Promise.reject(IN_USE);
    const store = claimed(owned);
    await expect(store.hold(0)).rejects.toBe(IN_USE);
    owned.claim = claim;
    const again = errorOf(store.hold(0));
    await clock.advanceAsync(waitMs);
    expect(await again).toBe(IN_USE);
  });

  test('ends a claim at once when its caller aborts, and a write that waits for it claims the shard itself', async () => {
    const owned = new OwnedStore();
    owned.claim = never;
    const store = claimed(owned);
    const abort = new AbortController();
    const held = errorOf(store.hold(0, { signal: abort.signal }));
    await clock.advanceAsync(0);
    const saved = store.save(aSession({ sequence: 4 }));
    Reflect.deleteProperty(owned, 'claim');
    abort.abort();
    expect(await held).toMatchObject({ code: 'ABORTED' });
    await saved;
    expect(owned.calls).toEqual(['claim 1', 'save 4 with 1']);
  });
});
