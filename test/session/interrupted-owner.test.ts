/** What a shard may still write when another owner has had its session since. With the files of a real store. */
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { GatewayError } from '../../src/protocol/errors.ts';
import { ClaimedSessionStore } from '../../src/session/claimed-session-store.ts';
import { FileSessionStore } from '../../src/session/file-session-store.ts';
import type { SessionLease } from '../../src/session/session-store.ts';
import { SessionWriter } from '../../src/session/session-writer.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { aSession } from '../kit/session-store-conformance.ts';

const IN_USE = { code: 'SESSION_IN_USE', message: expect.stringContaining('another owner has had shard 0') as string };

/** A store whose claims may fail, or be answered late. */
class MoodyStore extends FileSessionStore {
  fails = false;
  delay: Promise<void> | null = null;

  override async claim(...[shardId, options]: Parameters<FileSessionStore['claim']>): Promise<SessionLease> {
    if (this.fails) throw new Error('the disk is full');
    const lease = await super.claim(shardId, options);
    await this.delay;
    return lease;
  }
}

describe('a shard that has stopped', () => {
  const clock = new VirtualClock();
  let directory: string;
  let files: MoodyStore;
  let old: ClaimedSessionStore;
  let next: ClaimedSessionStore;
  const faults: GatewayError[] = [];

  const createStore = (store: FileSessionStore): ClaimedSessionStore =>
    new ClaimedSessionStore(store, { clock, timeoutMs: 10_000, report: (error) => void faults.push(error) });

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'interrupted-owner-'));
    files = new MoodyStore(directory);
    [old, next] = [createStore(files), createStore(new FileSessionStore(directory))];
    await old.hold(0);
    await old.save(aSession({ sequence: 5 }));
    await old.saveSnapshot(0, Buffer.from('old'));
    await old.release();
    faults.length = 0;
  });

  afterEach(() => rm(directory, { recursive: true }));

  /** The next process runs the shard, and stops. */
  const runNext = async (act: () => Promise<void>): Promise<void> => {
    await next.hold(0);
    await act();
    await next.release();
  };

  test('goes on to store how far its consumers are, while nobody else has the shard', async () => {
    await old.save(aSession({ sequence: 6 }));
    await old.save(aSession({ sequence: 7 }));
    expect(await old.load(0)).toEqual(aSession({ sequence: 7 }));
  });

  test('does not bring back a session that the next process has cleared', async () => {
    await runNext(() => next.clear(0));
    await expect(old.save(aSession({ sequence: 6 }))).rejects.toMatchObject(IN_USE);
    await expect(old.save(aSession({ sequence: 7 }))).rejects.toMatchObject(IN_USE);
    expect(await next.load(0)).toBeNull();
  });

  test('does not clear a session that the next process has stored', async () => {
    await runNext(() => next.save(aSession({ sessionId: 'next', sequence: 1 })));
    await expect(old.clear(0)).rejects.toMatchObject(IN_USE);
    expect(await next.load(0)).toEqual(aSession({ sessionId: 'next', sequence: 1 }));
  });

  test.each([
    ['appendSnapshot()', () => old.appendSnapshot(0, Buffer.from(' and more'))],
    ['saveSnapshot()', () => old.saveSnapshot(0, Buffer.from('older'))],
    ['clearSnapshot()', () => old.clearSnapshot(0)],
  ])('leaves the snapshot of the next process as it is, with %s', async (_, write) => {
    await runNext(() => next.saveSnapshot(0, Buffer.from('next')));
    await expect(write()).rejects.toMatchObject(IN_USE);
    expect(Buffer.from((await next.loadSnapshot(0)) ?? []).toString()).toBe('next');
  });

  test('gives the shard to the next process although it has written nothing', async () => {
    await runNext(() => next.clear(0));
    await expect(old.save(aSession({ sequence: 6 }))).rejects.toMatchObject(IN_USE);
    await next.hold(0);
    expect(await readdir(directory)).toContain('shard-0.4.lock');
    expect(faults).toEqual([]);
  });

  test('is told once that another owner has had the shard', async () => {
    expect(await old.hold(0)).toBe(false);
    await old.release();
    await runNext(() => next.clear(0));
    expect([await old.hold(0), await old.hold(0)]).toEqual([true, false]);
    await old.release();
    expect(await old.hold(0)).toBe(false);
  });

  test('is told also if the write that it finished last has found it out', async () => {
    await runNext(() => next.clear(0));
    await expect(old.save(aSession({ sequence: 6 }))).rejects.toMatchObject(IN_USE);
    expect(await old.hold(0)).toBe(true);
  });

  test('is told also if a claim that was given up has found it out', async () => {
    await runNext(() => next.clear(0));
    const { promise, resolve } = Promise.withResolvers<void>();
    files.delay = promise;
    const abort = new AbortController();
    const held = old.hold(0, { signal: abort.signal }).catch(() => undefined);
    await expect.poll(() => readdir(directory)).toContain('shard-0.3.lock');
    abort.abort();
    await held;
    files.delay = null;
    resolve();
    await expect.poll(() => readFile(join(directory, 'shard-0.3.lock'), 'utf8')).toContain('free');
    expect(await old.hold(0)).toBe(true);
  });

  test('writes again when it runs again', async () => {
    await runNext(() => next.clear(0));
    await expect(old.save(aSession({ sequence: 6 }))).rejects.toMatchObject(IN_USE);
    await old.hold(0);
    await old.save(aSession({ sessionId: 'new', sequence: 1 }));
    expect(await old.load(0)).toEqual(aSession({ sessionId: 'new', sequence: 1 }));
  });

  test('drops a write that began before it runs again', async () => {
    await runNext(() => next.save(aSession({ sequence: 9 })));
    const saved = old.save(aSession({ sequence: 6 }));
    const held = old.hold(0);
    await expect(saved).rejects.toMatchObject(IN_USE);
    await held;
    expect(await old.load(0)).toEqual(aSession({ sequence: 9 }));
    await old.save(aSession({ sequence: 10 }));
    expect(await old.load(0)).toEqual(aSession({ sequence: 10 }));
  });

  test('stores its new session when it runs again although its claim failed', async () => {
    await runNext(() => next.save(aSession({ sequence: 9 })));
    files.fails = true;
    await expect(old.hold(0)).rejects.toThrow('the disk is full');
    files.fails = false;
    await old.save(aSession({ sessionId: 'new', sequence: 1 }));
    expect(await old.load(0)).toEqual(aSession({ sessionId: 'new', sequence: 1 }));
  });

  test('stores nothing of its old session while it waits for the next process', async () => {
    await runNext(async () => {
      await next.save(aSession({ sequence: 9 }));
      await expect(old.hold(0)).rejects.toMatchObject({ code: 'SESSION_IN_USE' });
    });
    await expect(old.save(aSession({ sequence: 6 }))).rejects.toMatchObject(IN_USE);
    await old.hold(0);
    expect(await old.load(0)).toEqual(aSession({ sequence: 9 }));
  });

  test('does not take a lease of its own that came late for one of another owner', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    files.delay = promise;
    const failure = old.save(aSession({ sequence: 6 })).catch((error: unknown) => error);
    await expect.poll(() => readdir(directory)).toContain('shard-0.2.lock');
    await clock.advanceAsync(10_000);
    expect(await failure).toMatchObject({ code: 'SESSION_STORE_FAILED' });
    files.delay = null;
    resolve();
    await expect.poll(() => readFile(join(directory, 'shard-0.2.lock'), 'utf8')).toContain('free');
    await old.save(aSession({ sequence: 7 }));
    expect(await old.load(0)).toEqual(aSession({ sequence: 7 }));
    expect(await readdir(directory)).toContain('shard-0.3.lock');
  });

  test('goes on with what the next process has stored, not with what was refused', async () => {
    const writer = new SessionWriter(old, (error) => void faults.push(error));
    await runNext(() => next.save(aSession({ sequence: 9 })));
    writer.save(aSession({ sequence: 6 }));
    await writer.flushed();
    expect(faults).toMatchObject([IN_USE]);
    await old.hold(0);
    expect(await writer.load(0)).toEqual(aSession({ sequence: 9 }));
  });
});
