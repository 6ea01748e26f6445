import { mkdtemp, readFile, readdir, rm, stat, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FileSessionStore } from '../../src/session/file-session-store.ts';
import { MemorySessionStore } from '../../src/session/memory-session-store.ts';
import { describeSnapshotStore } from '../kit/snapshot-store-conformance.ts';

const isWindows = process.platform === 'win32';
const FAILED = expect.objectContaining({ code: 'SESSION_STORE_FAILED' }) as unknown;
const BYTES = Buffer.from('bytes');

describeSnapshotStore('MemorySessionStore', async () => ({
  store: new MemorySessionStore(),
  close: async () => {},
}));

describeSnapshotStore('FileSessionStore', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'snapshots-'));
  return { store: new FileSessionStore(directory), close: () => rm(directory, { recursive: true }) };
});

describe('the snapshots of a FileSessionStore', () => {
  let directory: string;
  let file: string;
  let store: FileSessionStore;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'snapshots-'));
    file = join(directory, 'shard-0.guilds');
    store = new FileSessionStore(directory);
  });

  afterEach(() => rm(directory, { recursive: true }));

  test.skipIf(isWindows)('are readable by the owner only, and leave no other file behind', async () => {
    await store.saveSnapshot(0, BYTES);
    await store.saveSnapshot(0, BYTES);
    await store.appendSnapshot(0, BYTES);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readdir(directory)).toEqual(['shard-0.guilds']);
  });

  test('are not appended to a snapshot that does not exist: the reader would miss the beginning', async () => {
    await expect(store.appendSnapshot(0, BYTES)).rejects.toEqual(FAILED);
    expect(await readdir(directory)).toEqual([]);
  });

  test.skipIf(isWindows)('do not follow a link, and replace it', async () => {
    const target = join(directory, 'target');
    await writeFile(target, 'target');
    await symlink(target, file);
    await expect(store.loadSnapshot(0)).rejects.toEqual(FAILED);
    await expect(store.appendSnapshot(0, BYTES)).rejects.toEqual(FAILED);
    await store.saveSnapshot(0, BYTES);
    expect(await readFile(target, 'utf8')).toBe('target');
    expect(await readFile(file, 'utf8')).toBe('bytes');
  });

  test('larger than 256 MiB are not read', async () => {
    await writeFile(file, '');
    await truncate(file, 256 * 1024 * 1024 + 1);
    await expect(store.loadSnapshot(0)).rejects.toEqual(FAILED);
  });

  test('are not written by a process that has lost its lease', async () => {
    const lost = await store.claim(0);
    await store.saveSnapshot(0, BYTES, lost);
    await store.claim(0, { takeOver: true });
    const inUse = expect.objectContaining({ code: 'SESSION_IN_USE' }) as unknown;
    await expect(store.saveSnapshot(0, Buffer.from('other'), lost)).rejects.toEqual(inUse);
    await expect(store.appendSnapshot(0, BYTES, lost)).rejects.toEqual(inUse);
    await expect(store.clearSnapshot(0, lost)).rejects.toEqual(inUse);
    expect(await readFile(file, 'utf8')).toBe('bytes');
  });

  test('that a killed process was writing are deleted by the next one', async () => {
    await writeFile(`${file}.00000000-1-1.0123.tmp`, 'half');
    const past = new Date(Date.now() - 3_600_000);
    await utimes(`${file}.00000000-1-1.0123.tmp`, past, past);
    await store.saveSnapshot(0, BYTES);
    expect(await readdir(directory)).toEqual(['shard-0.guilds']);
  });
});
