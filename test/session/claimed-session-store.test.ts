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
    const owned = new OwnedStore();
    const late = Promise.withResolvers<SessionLease>();
    owned.claim = () => late.promise;
    const store = claimed(owned);
    const held = errorOf(store.hold(0));
    await clock.advanceAsync(10_000);
    expect(await held).toMatchObject(SILENT);
    Reflect.deleteProperty(owned, 'claim');
    await store.hold(0);
    late.resolve({ fence: 9, release: async () => void owned.calls.push('release 9') });
    await clock.advanceAsync(0);
    await store.save(aSession({ sequence: 2 }));
    await store.release();
    expect(owned.calls).toEqual(['claim 1', 'save 2 with 9', 'release 9']);
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
