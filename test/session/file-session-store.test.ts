import { mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FileSessionStore } from '../../src/session/file-session-store.ts';
import { aSession, describeSessionStore } from '../kit/session-store-conformance.ts';

const newDirectory = (): Promise<string> => mkdtemp(join(tmpdir(), 'session-store-'));

const unreadable = (path: string): unknown =>
  expect.objectContaining({
    code: 'SESSION_STORE_FAILED',
    message: expect.stringContaining(path) as string,
    hint: expect.stringContaining(path) as string,
  });

describeSessionStore('FileSessionStore', async () => {
  const directory = await newDirectory();
  return {
    store: new FileSessionStore(join(directory, 'created', 'on', 'demand')),
    close: () => rm(directory, { recursive: true }),
  };
});

describe('FileSessionStore', () => {
  let directory: string;
  let file: string;
  let store: FileSessionStore;

  beforeEach(async () => {
    directory = await newDirectory();
    file = join(directory, 'shard-0.json');
    store = new FileSessionStore(directory);
  });

  afterEach(() => rm(directory, { recursive: true }));

  test('creates no directory before the first save()', async () => {
    const later = join(directory, 'later');
    await new FileSessionStore(later).load(0);
    await new FileSessionStore(later).clear(0);
    expect(await readdir(directory)).toEqual([]);
  });

  test('loads a session that another store saved in the same directory', async () => {
    await store.save(aSession());
    expect(await new FileSessionStore(directory).load(0)).toEqual(aSession());
  });

  test('leaves one file per shard and nothing else', async () => {
    await Promise.all([0, 1, 1, 0].map((shardId) => store.save(aSession({ shardId }))));
    expect((await readdir(directory)).toSorted()).toEqual(['shard-0.json', 'shard-1.json']);
  });

  test.skipIf(process.platform === 'win32')('makes sessions readable by the owner only', async () => {
    const created = join(directory, 'created');
    await new FileSessionStore(created).save(aSession());
    const [directoryMode, fileMode] = await Promise.all(
      [created, join(created, 'shard-0.json')].map(async (path) => (await stat(path)).mode & 0o777),
    );
    expect(directoryMode).toBe(0o700);
    expect(fileMode).toBe(0o600);
  });

  test.each([
    ['an empty file', ''],
    ['a torn file', JSON.stringify(aSession()).slice(0, -10)],
    ['a file that is not JSON', 'hello'],
    ['a file with other JSON', '{"name":"something else"}'],
    ['a file with null', 'null'],
    ['the session of another shard', JSON.stringify(aSession({ shardId: 1 }))],
  ])('rejects with SESSION_STORE_FAILED for %s, and names the file in message and hint', async (_what, text) => {
    await writeFile(file, text);
    await expect(store.load(0)).rejects.toEqual(unreadable(file));
  });

  test('rejects with SESSION_STORE_FAILED if a directory is in the place of the file', async () => {
    await mkdir(file);
    await expect(store.load(0)).rejects.toMatchObject({ code: 'SESSION_STORE_FAILED' });
    await expect(store.save(aSession())).rejects.toMatchObject({ code: 'SESSION_STORE_FAILED' });
    await expect(store.clear(0)).rejects.toMatchObject({ code: 'SESSION_STORE_FAILED' });
    expect(await readdir(directory)).toEqual(['shard-0.json']);
  });

  test('runs the next calls after one that failed', async () => {
    await writeFile(file, 'torn');
    const [loaded, saved, again] = await Promise.allSettled([store.load(0), store.save(aSession()), store.load(0)]);
    expect(loaded.status).toBe('rejected');
    expect(saved.status).toBe('fulfilled');
    expect(again).toEqual({ status: 'fulfilled', value: aSession() });
  });

  test('rejects save() with SESSION_STORE_FAILED if its directory is a file, and names both', async () => {
    const blocked = join(directory, 'blocked');
    await writeFile(blocked, '');
    await expect(new FileSessionStore(blocked).save(aSession())).rejects.toMatchObject({
      code: 'SESSION_STORE_FAILED',
      message: expect.stringContaining(join(blocked, 'shard-0.json')) as string,
      hint: expect.stringContaining(blocked) as string,
    });
  });

  test('ignores temporary files that a killed process left', async () => {
    await writeFile(`${file}.left-over.tmp`, '{"sess');
    expect(await store.load(0)).toBeNull();
    await store.save(aSession());
    expect(await store.load(0)).toEqual(aSession());
  });

  test('never lets a reader see half a session while it is replaced', async () => {
    const reader = new FileSessionStore(directory);
    await store.save(aSession());
    const writes = Array.from({ length: 40 }, (_, n) => store.save(aSession({ sessionId: 'x'.repeat(n * 500 + 1) })));
    const reads = Array.from({ length: 40 }, async () => (await reader.load(0))?.shardId);
    expect(await Promise.all(reads)).toEqual(reads.map(() => 0));
    await Promise.all(writes);
  });

  test('writes the fields of the session to the file, and no others', async () => {
    await store.save(aSession());
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(aSession());
  });

  test('throws INVALID_OPTIONS for an empty path', () => {
    expect(() => new FileSessionStore('')).toThrow(expect.objectContaining({ code: 'INVALID_OPTIONS' }));
  });
});
