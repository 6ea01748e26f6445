import { mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
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
    store: new FileSessionStore(join(directory, 'made', 'on', 'demand')),
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

  it('makes no directory before there is something to save', async () => {
    const later = join(directory, 'later');
    await new FileSessionStore(later).load(0);
    await new FileSessionStore(later).clear(0);
    expect(await readdir(directory)).toEqual([]);
  });

  it('lets another process go on where this one stopped', async () => {
    await store.save(aSession());
    expect(await new FileSessionStore(directory).load(0)).toEqual(aSession());
  });

  it('leaves one file a shard and nothing else', async () => {
    await Promise.all([0, 1, 1, 0].map((shardId) => store.save(aSession({ shardId }))));
    expect((await readdir(directory)).toSorted()).toEqual(['shard-0.json', 'shard-1.json']);
  });

  it.skipIf(process.platform === 'win32')('lets only the owner read a session', async () => {
    const made = join(directory, 'made');
    await new FileSessionStore(made).save(aSession());
    const modes = await Promise.all(
      [made, join(made, 'shard-0.json')].map(async (path) => (await stat(path)).mode & 0o777),
    );
    expect(modes).toEqual([0o700, 0o600]);
  });

  it.each([
    ['an empty file', ''],
    ['a torn file', JSON.stringify(aSession()).slice(0, -10)],
    ['a file that is not JSON', 'hello'],
    ['a file with other JSON', '{"name":"something else"}'],
    ['a file that holds null', 'null'],
    ['the session of another shard', JSON.stringify(aSession({ shardId: 1 }))],
  ])('rejects %s with SESSION_STORE_FAILED, naming the file and what to do', async (_what, text) => {
    await writeFile(file, text);
    await expect(store.load(0)).rejects.toEqual(unreadable(file));
  });

  it('rejects with SESSION_STORE_FAILED when a directory is where the file should be', async () => {
    await mkdir(file);
    await expect(store.load(0)).rejects.toMatchObject({ code: 'SESSION_STORE_FAILED' });
    await expect(store.save(aSession())).rejects.toMatchObject({ code: 'SESSION_STORE_FAILED' });
    await expect(store.clear(0)).rejects.toMatchObject({ code: 'SESSION_STORE_FAILED' });
    expect(await readdir(directory)).toEqual(['shard-0.json']);
  });

  it('goes on after a call that failed', async () => {
    await writeFile(file, 'torn');
    const [loaded, saved, again] = await Promise.allSettled([store.load(0), store.save(aSession()), store.load(0)]);
    expect([loaded.status, saved.status, again]).toEqual([
      'rejected',
      'fulfilled',
      { status: 'fulfilled', value: aSession() },
    ]);
  });

  it('says where it could not write when its directory is a file', async () => {
    const blocked = join(directory, 'blocked');
    await writeFile(blocked, '');
    await expect(new FileSessionStore(blocked).save(aSession())).rejects.toMatchObject({
      code: 'SESSION_STORE_FAILED',
      message: expect.stringContaining(join(blocked, 'shard-0.json')) as string,
      hint: expect.stringContaining(blocked) as string,
    });
  });

  it('takes no notice of temporary files a killed process left', async () => {
    await writeFile(`${file}.left-over.tmp`, '{"sess');
    expect(await store.load(0)).toBeNull();
    await store.save(aSession());
    expect(await store.load(0)).toEqual(aSession());
  });

  it('never shows a reader half a session while it is replaced', async () => {
    const reader = new FileSessionStore(directory);
    await store.save(aSession());
    const writes = Array.from({ length: 40 }, (_, n) => store.save(aSession({ sessionId: 'x'.repeat(n * 500 + 1) })));
    const reads = Array.from({ length: 40 }, async () => (await reader.load(0))?.shardId);
    expect(await Promise.all(reads)).toEqual(reads.map(() => 0));
    await Promise.all(writes);
  });

  it('stores nothing but the session', async () => {
    await store.save(aSession());
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(aSession());
  });

  it('refuses an empty path with INVALID_OPTIONS', () => {
    expect(() => new FileSessionStore('')).toThrow(expect.objectContaining({ code: 'INVALID_OPTIONS' }));
  });
});
