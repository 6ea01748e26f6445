import { fork, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FileSessionStore } from '../../src/session/file-session-store.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { aSession } from '../kit/session-store-conformance.ts';

const IN_USE = expect.objectContaining({ code: 'SESSION_IN_USE' }) as unknown;
const hasProc = process.platform === 'linux';

describe('a claim of FileSessionStore', () => {
  let directory: string;
  let store: FileSessionStore;
  const children: ChildProcess[] = [];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'session-claims-'));
    store = new FileSessionStore(directory);
  });

  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    await rm(directory, { recursive: true });
  });

  const claimInAnotherProcess = async (): Promise<ChildProcess> => {
    const child = fork(join(import.meta.dirname, 'claiming-process.ts'), [directory], { execArgv: [] });
    children.push(child);
    await once(child, 'message');
    return child;
  };

  /** The lock of shard 0 as its owner wrote it, with changes. */
  const rewriteLock = async (name: string, change: object): Promise<void> => {
    const path = join(directory, name);
    const { owner, ...lock } = JSON.parse(await readFile(path, 'utf8')) as { owner: object };
    await writeFile(path, JSON.stringify({ ...lock, owner: { ...owner, ...change } }));
  };

  test('is refused while a shard of the same process has it, also through another store', async () => {
    await store.claim(0);
    await expect(store.claim(0)).rejects.toEqual(IN_USE);
    await expect(new FileSessionStore(directory).claim(0)).rejects.toMatchObject({
      message: `shard 0 in ${directory} belongs to process ${process.pid} on ${hostname()}, which is running`,
    });
  });

  test('does not concern the other shards of the directory', async () => {
    await store.claim(0);
    await new FileSessionStore(directory).claim(1);
    expect((await readdir(directory)).toSorted()).toEqual(['shard-0.1.lock', 'shard-1.1.lock']);
  });

  test('succeeds at once after release(), with a higher fence', async () => {
    const first = await store.claim(0);
    await first.release();
    await first.release();
    const second = await new FileSessionStore(directory).claim(0);
    expect([first.fence, second.fence]).toEqual([1, 2]);
    expect(await readdir(directory)).toEqual(['shard-0.2.lock']);
  });

  test('is given to one of many that ask at the same time', async () => {
    const stores = Array.from({ length: 20 }, () => new FileSessionStore(directory));
    const claims = await Promise.allSettled(stores.map((other) => other.claim(0)));
    const refused = claims.filter(({ status }) => status === 'rejected');
    expect(refused).toHaveLength(19);
    expect(refused.every((claim) => 'reason' in claim && claim.reason.code === 'SESSION_IN_USE')).toBe(true);
  });

  test('is refused while another process has it, and succeeds at once when that process is killed', async () => {
    const child = await claimInAnotherProcess();
    await expect(store.claim(0)).rejects.toEqual(IN_USE);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect((await store.claim(0)).fence).toBe(2);
  });

  test.skipIf(!hasProc)('is taken over at once if the pid now belongs to another process', async () => {
    await store.claim(0);
    const other = spawn('sleep', ['60']);
    children.push(other);
    await rewriteLock('shard-0.1.lock', { pid: other.pid });
    expect((await new FileSessionStore(directory).claim(0)).fence).toBe(2);
  });

  test('by another machine or container is taken over only after 15 s without a sign of life', async () => {
    const clock = new VirtualClock({ startAt: 0 });
    const path = join(directory, 'shard-0.1.lock');
    await store.claim(0);
    await rewriteLock('shard-0.1.lock', { machine: 'another' });
    const here = new FileSessionStore(directory, { clock });
    for (let touched = 1; touched < 10; touched += 1) {
      await utimes(path, touched, touched);
      await expect(here.claim(0)).rejects.toEqual(IN_USE);
      clock.advance(5_000);
    }
    clock.advance(9_999);
    await expect(here.claim(0)).rejects.toEqual(IN_USE);
    clock.advance(1);
    expect((await here.claim(0)).fence).toBe(2);
  });

  test('touches its lock as a sign of life, until it is released', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      const touched = async (): Promise<number> => (await stat(join(directory, 'shard-0.1.lock'))).mtimeMs;
      const lease = await store.claim(0);
      await utimes(join(directory, 'shard-0.1.lock'), 1, 1);
      vi.advanceTimersByTime(3_000);
      while ((await touched()) === 1_000) await new Promise((resolve) => void setImmediate(resolve));
      await lease.release();
      vi.advanceTimersByTime(3_000);
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  test('of a damaged lock is refused until it is certain that no process writes it', async () => {
    const clock = new VirtualClock({ startAt: 0 });
    await writeFile(join(directory, 'shard-0.1.lock'), '');
    const patient = new FileSessionStore(directory, { clock });
    await expect(patient.claim(0)).rejects.toEqual(IN_USE);
    clock.advance(15_000);
    expect((await patient.claim(0)).fence).toBe(2);
  });

  test('with takeOver ends the lease of the owner, whose writes are refused', async () => {
    const owner = new FileSessionStore(directory);
    const lost = await owner.claim(0);
    await owner.save(aSession({ sequence: 1 }), lost);
    const lease = await store.claim(0, { takeOver: true });
    await store.save(aSession({ sequence: 2 }), lease);
    await expect(owner.save(aSession({ sequence: 3 }), lost)).rejects.toEqual(IN_USE);
    await expect(owner.clear(0, lost)).rejects.toEqual(IN_USE);
    await lost.release();
    expect(await store.load(0)).toEqual(aSession({ sequence: 2 }));
    await expect(owner.claim(0)).rejects.toEqual(IN_USE);
  });

  test('that is released can no longer be written with', async () => {
    const lease = await store.claim(0);
    await lease.release();
    await expect(store.save(aSession(), lease)).rejects.toEqual(IN_USE);
    expect(await store.load(0)).toBeNull();
  });

  test('is not begun when its signal is aborted', async () => {
    await expect(store.claim(0, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORTED' });
    expect(await readdir(directory)).toEqual([]);
  });

  test('does not keep the process alive', async () => {
    const script = `
      const { FileSessionStore } = await import(${JSON.stringify(import.meta.resolve('../../src/session/file-session-store.ts'))});
      await new FileSessionStore(process.argv[1]).claim(0);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, directory], { stdio: 'inherit' });
    children.push(child);
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect((await store.claim(0)).fence).toBe(2);
  });
});
