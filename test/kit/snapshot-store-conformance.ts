/** The contract of a session store that keeps snapshots, as tests. */
import { describe, expect, test } from 'vitest';
import type { SessionStore } from '../../src/session/session-store.ts';
import type { SnapshotStore } from '../../src/session/snapshot/snapshot-store.ts';
import { aSession } from './session-store-conformance.ts';

export interface SnapshotStoreRig {
  readonly store: SessionStore & SnapshotStore;
  close(): Promise<void>;
}

const bytesOf = (text: string): Buffer => Buffer.from(text);

const textOf = async (store: SnapshotStore, shardId = 0): Promise<string | null> => {
  const bytes = await store.loadSnapshot(shardId);
  return bytes === null ? null : Buffer.from(bytes).toString('latin1');
};

export function describeSnapshotStore(name: string, open: () => Promise<SnapshotStoreRig>): void {
  const using = async (run: (store: SessionStore & SnapshotStore) => Promise<void>): Promise<void> => {
    const rig = await open();
    try {
      await run(rig.store);
    } finally {
      await rig.close();
    }
  };
  describe(`${name} as a store of snapshots`, () => {
    test('has no snapshot at first', () => using(async (store) => expect(await textOf(store)).toBeNull()));

    test('loads what was saved and appended to, in order', () =>
      using(async (store) => {
        await store.saveSnapshot(0, bytesOf('one '));
        await store.appendSnapshot(0, bytesOf('two '));
        await store.appendSnapshot(0, bytesOf('three'));
        expect(await textOf(store)).toBe('one two three');
      }));

    test('keeps any bytes', () =>
      using(async (store) => {
        const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, n) => n % 256));
        await store.saveSnapshot(0, bytes);
        expect(bytes.equals((await store.loadSnapshot(0))!)).toBe(true);
      }));

    test('replaces a snapshot with the next one', () =>
      using(async (store) => {
        await store.saveSnapshot(0, bytesOf('a long one'));
        await store.saveSnapshot(0, bytesOf('short'));
        expect(await textOf(store)).toBe('short');
      }));

    test('keeps shards apart, and sessions apart from snapshots', () =>
      using(async (store) => {
        await store.saveSnapshot(1, bytesOf('one'));
        await store.saveSnapshot(2, bytesOf('two'));
        await store.save(aSession({ shardId: 1 }));
        await store.clearSnapshot(1);
        expect([await textOf(store, 1), await textOf(store, 2)]).toEqual([null, 'two']);
        expect(await store.load(1)).toEqual(aSession({ shardId: 1 }));
        await store.clear(2);
        expect(await textOf(store, 2)).toBe('two');
      }));

    test('resolves clearSnapshot() for a shard without a snapshot', () =>
      using(async (store) => expect(await store.clearSnapshot(3)).toBeUndefined()));

    test('is not affected by later changes to the bytes', () =>
      using(async (store) => {
        const bytes = bytesOf('before');
        await store.saveSnapshot(0, bytes);
        bytes.fill('x');
        (await store.loadSnapshot(0))!.fill(0);
        expect(await textOf(store)).toBe('before');
      }));
  });
}
