import { describe, expect, test } from 'vitest';
import { MemorySessionStore } from '../../src/session/memory-session-store.ts';
import { encodeFrame } from '../../src/session/snapshot/snapshot-frame.ts';
import { JournaledSessionStore } from '../../src/session/snapshot/journaled-session-store.ts';
import { SnapshotLog } from '../../src/session/snapshot/snapshot-log.ts';
import type { SnapshotLogOptions } from '../../src/session/snapshot/snapshot-log.ts';
import { aSession } from '../kit/session-store-conformance.ts';

const { sessionId } = aSession();

const ready = (s = 1): Buffer =>
  encodeFrame({ sessionId, t: 'READY', s, previous: 0, guildId: null }, Buffer.from('{"guilds":[]}'));
const guild = (s: number, name = `guild ${s}`): Buffer =>
  encodeFrame(
    { sessionId, t: 'GUILD_CREATE', s, previous: 0, guildId: '10' },
    Buffer.from(JSON.stringify({ id: '10', name })),
  );

function createLog(store = new MemorySessionStore(), limits: SnapshotLogOptions['limits'] = {}) {
  const faults: string[] = [];
  const report = ({ code, message }: { code: string; message: string }): void =>
    void faults.push(`${code}: ${message}`);
  const log = new SnapshotLog({ shardId: 0, store, report, mayWrite: () => true, limits });
  const sessions = new JournaledSessionStore(store, log);
  /** Saves a session as a ledger does. */
  const save = async (sequence: number): Promise<void> => {
    const snapshotSequence = log.sequenceOf(sessionId);
    await sessions.save(aSession({ sequence, ...(snapshotSequence === undefined ? {} : { snapshotSequence }) }));
  };
  return { store, log, faults, save, sessions };
}

/** What the next process restores. */
async function restored(store: MemorySessionStore): Promise<string[]> {
  const { log } = createLog(store);
  const { index } = await log.load((await store.load(0))!);
  const found: string[] = [];
  for await (const { t, data } of index.dispatches())
    found.push(t === 'READY' ? t : (JSON.parse(data.toString()) as { name: string }).name);
  return found;
}

describe('SnapshotLog', () => {
  test('stores a change before the session that counts it', async () => {
    const { store, log, save } = createLog();
    const calls: string[] = [];
    for (const method of ['save', 'saveSnapshot', 'appendSnapshot'] as const) {
      const original = store[method].bind(store) as (...args: unknown[]) => Promise<void>;
      Object.assign(store, { [method]: (...args: unknown[]) => (calls.push(method), original(...args)) });
    }
    log.record(ready());
    await save(1);
    log.record(guild(2));
    await save(2);
    await save(3);
    expect(calls).toEqual(['saveSnapshot', 'save', 'appendSnapshot', 'save', 'save']);
  });

  test('stores no session while a change that it counts can not be stored, and both when it can', async () => {
    const { store, log, save } = createLog();
    log.record(ready());
    await save(1);
    const append = store.appendSnapshot.bind(store);
    store.appendSnapshot = async (shardId, bytes) => {
      await append(shardId, bytes.subarray(0, 7));
      throw new Error('no space');
    };
    log.record(guild(2));
    await expect(save(2)).rejects.toThrow('no space');
    expect((await store.load(0))?.sequence).toBe(1);
    store.appendSnapshot = append;
    log.record(guild(3));
    await save(3);
    expect((await store.load(0))?.sequence).toBe(3);
    expect(await restored(store)).toEqual(['READY', 'guild 3']);
  });

  test('continues after the last whole frame when a process was killed in the middle of a write', async () => {
    const first = createLog();
    first.log.record(ready());
    first.log.record(guild(2));
    await first.save(2);
    await first.store.appendSnapshot(0, guild(3).subarray(0, -1));
    const second = createLog(first.store);
    await second.log.load((await first.store.load(0))!);
    second.log.record(guild(3));
    await second.save(3);
    expect(await restored(first.store)).toEqual(['READY', 'guild 3']);
  });

  test('does not restore what lacks a change in the middle', async () => {
    const { store, log, save } = createLog();
    log.record(ready());
    await save(1);
    const before = (await store.loadSnapshot(0))!;
    log.record(guild(2));
    await save(2);
    // An earlier write took so long that it undid a later one.
    await store.saveSnapshot(0, before);
    log.record(guild(3));
    await save(3);
    await expect(restored(store)).rejects.toMatchObject({ code: 'SNAPSHOT_FAILED' });
  });

  test('what a process appends after it has lost its lease changes nothing', async () => {
    const { store, log, save } = createLog();
    log.record(ready());
    log.record(guild(2));
    log.record(guild(3));
    await save(3);
    await store.appendSnapshot(0, guild(2));
    expect(await restored(store)).toEqual(['READY', 'guild 3']);
  });

  test('does not fold a change that the session does not count yet', async () => {
    const { store, log, save } = createLog(undefined, { foldBytes: 1 });
    log.record(ready());
    log.record(guild(2));
    log.record(guild(3));
    await save(2);
    expect(await restored(store)).toEqual(['READY', 'guild 2']);
  });

  test('does not restore what was folded after the sequence of the session', async () => {
    const { store, log, save } = createLog(undefined, { foldBytes: 1 });
    log.record(ready());
    log.record(guild(5));
    await save(5);
    await store.save({ ...(await store.load(0))!, sequence: 3 });
    await expect(restored(store)).rejects.toMatchObject({
      code: 'SNAPSHOT_FAILED',
      message: expect.stringContaining('newer than the session') as string,
    });
  });

  test('folds what has doubled, and restores the same', async () => {
    const { store, log, save } = createLog(undefined, { foldBytes: 2_000 });
    log.record(ready());
    const sizes: number[] = [];
    for (let s = 2; s < 100; s += 1) {
      log.record(guild(s));
      await save(s);
      sizes.push((await store.loadSnapshot(0))!.length);
    }
    expect(Math.max(...sizes)).toBeLessThan(2_500);
    expect(await restored(store)).toEqual(['READY', 'guild 99']);
  });

  test('gives a snapshot up that is too large, with one fault, and the session goes on without it', async () => {
    const { store, log, save, faults } = createLog(undefined, { maxBytes: 500 });
    log.record(ready());
    await save(1);
    for (let s = 2; s < 20; s += 1) {
      log.record(guild(s));
      await save(s);
    }
    expect(faults).toEqual([
      'SNAPSHOT_FAILED: the guilds are no longer kept for the next process: the snapshot is larger than 500 bytes',
    ]);
    expect(await store.load(0)).toEqual(aSession({ sequence: 19 }));
    await expect(restored(store)).rejects.toMatchObject({ code: 'SNAPSHOT_FAILED' });
  });

  test('is deleted with the session, but not when another session has begun meanwhile', async () => {
    const { store, log, save, sessions } = createLog();
    log.record(ready());
    await save(1);
    log.reset();
    await sessions.clear(0);
    expect([await store.load(0), await store.loadSnapshot(0)]).toEqual([null, null]);
    log.record(ready());
    await save(1);
    await sessions.clear(0);
    expect(await store.loadSnapshot(0)).not.toBeNull();
  });
});
