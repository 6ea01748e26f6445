/** The times of session starts that a FileSessionStore keeps. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FileSessionStore } from '../../src/index.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'starts-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

const file = (): string => join(directory, 'shard-0.starts.json');

describe('FileSessionStore: session starts', () => {
  test('are kept for each shard, beyond the store that wrote them', async () => {
    const store = new FileSessionStore(directory);
    await store.saveStarts(0, [1, 2]);
    await store.saveStarts(1, [3]);
    const next = new FileSessionStore(directory);
    expect(await next.loadStarts(0)).toEqual([1, 2]);
    expect(await next.loadStarts(1)).toEqual([3]);
    expect(await next.loadStarts(2)).toEqual([]);
  });

  test('are written as a whole to a file that only its owner may read', async () => {
    const store = new FileSessionStore(directory);
    await Promise.all(Array.from({ length: 20 }, (_, time) => store.saveStarts(0, [time])));
    expect(JSON.parse(await readFile(file(), 'utf8'))).toEqual([19]);
    expect((await stat(file())).mode & 0o777).toBe(0o600);
    expect(await readdir(directory)).toEqual(['shard-0.starts.json']);
  });

  test('are at most 64', async () => {
    const store = new FileSessionStore(directory);
    const times = Array.from({ length: 1_000 }, (_, time) => time);
    await store.saveStarts(0, times);
    expect(await store.loadStarts(0)).toEqual(times.slice(-64));
    await writeFile(file(), JSON.stringify(times));
    expect(await store.loadStarts(0)).toEqual(times.slice(-64));
  });

  test.each<[string, () => unknown]>([
    ['a FIFO', () => execFileSync('mkfifo', [file()])],
    ['a link to a device that never ends', () => symlink('/dev/zero', file())],
    ['a file of 10 MB', () => writeFile(file(), ' '.repeat(10_000_000))],
    ['half a list', () => writeFile(file(), '[1,')],
    ['an object', () => writeFile(file(), '{"length":1e9}')],
    ['a list of other things', () => writeFile(file(), '[1,"2",null]')],
  ])('%s in their place rejects with SESSION_STORE_FAILED, and the next write replaces it', async (_, create) => {
    await create();
    const store = new FileSessionStore(directory);
    await expect(store.loadStarts(0)).rejects.toMatchObject({ code: 'SESSION_STORE_FAILED' });
    await store.saveStarts(0, [5]);
    expect(await store.loadStarts(0)).toEqual([5]);
  });

  test('of something that is no shard are refused', async () => {
    const store = new FileSessionStore(directory);
    await expect(store.loadStarts(-1)).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
    await expect(store.saveStarts(Number.NaN, [])).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
  });
});
