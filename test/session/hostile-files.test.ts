import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FileSessionStore } from '../../src/session/file-session-store.ts';
import { aSession } from '../kit/session-store-conformance.ts';

const isWindows = process.platform === 'win32';
const FAILED = expect.objectContaining({ code: 'SESSION_STORE_FAILED' }) as unknown;

describe('FileSessionStore in a directory that others write to', () => {
  let directory: string;
  let file: string;
  let store: FileSessionStore;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'session-store-'));
    file = join(directory, 'shard-0.json');
    store = new FileSessionStore(directory);
  });

  afterEach(() => rm(directory, { recursive: true }));

  test.each(['../victim', '0', -1, 1.5, Number.NaN, 2 ** 53, null, {}] as never[])(
    'rejects the shard id %j with INVALID_OPTIONS',
    async (shardId) => {
      const invalid = expect.objectContaining({ code: 'INVALID_OPTIONS' }) as unknown;
      await expect(store.load(shardId)).rejects.toEqual(invalid);
      await expect(store.clear(shardId)).rejects.toEqual(invalid);
      await expect(store.claim(shardId)).rejects.toEqual(invalid);
      expect(await readdir(directory)).toEqual([]);
    },
  );

  test('throws INVALID_OPTIONS for a path with a NUL character', () => {
    expect(() => new FileSessionStore('a\0b')).toThrow(expect.objectContaining({ code: 'INVALID_OPTIONS' }));
  });

  test.skipIf(isWindows)('does not wait for the writer of a FIFO, and replaces it', async () => {
    execFileSync('mkfifo', [file]);
    await expect(store.load(0)).rejects.toEqual(FAILED);
    await store.save(aSession());
    expect(await store.load(0)).toEqual(aSession());
  });

  test.skipIf(isWindows)('does not follow a link, and replaces the link and not its target', async () => {
    const target = join(directory, 'target');
    await writeFile(target, JSON.stringify(aSession()));
    await symlink(target, file);
    await expect(store.load(0)).rejects.toEqual(FAILED);
    await store.save(aSession({ sequence: 7 }));
    expect(await store.load(0)).toEqual(aSession({ sequence: 7 }));
    expect(JSON.parse(await readFile(target, 'utf8'))).toEqual(aSession());
  });

  test.skipIf(isWindows)('does not read a device that never ends', async () => {
    await symlink('/dev/zero', file);
    await expect(store.load(0)).rejects.toEqual(FAILED);
  });

  test('reads a file of 64 KiB, and no larger one', async () => {
    const text = JSON.stringify(aSession());
    await writeFile(file, text.padEnd(65_536));
    expect(await store.load(0)).toEqual(aSession());
    await writeFile(file, text.padEnd(65_537));
    await expect(store.load(0)).rejects.toEqual(FAILED);
  });

  test('does not save a session that it would refuse to load', async () => {
    await store.save(aSession());
    await expect(store.save(aSession({ sessionId: 'x'.repeat(70_000) }))).rejects.toEqual(FAILED);
    expect(await store.load(0)).toEqual(aSession());
  });

  test('deletes the temporary files of killed processes at its first save, and no others', async () => {
    const aHourAgo = Date.now() / 1_000 - 3_600;
    await writeFile(`${file}.of-an-earlier-version.tmp`, '');
    await utimes(`${file}.of-an-earlier-version.tmp`, aHourAgo, aHourAgo);
    await writeFile(`${file}.perhaps-in-use.tmp`, '');
    await writeFile(join(directory, 'notes.tmp'), '');
    await utimes(join(directory, 'notes.tmp'), aHourAgo, aHourAgo);
    await store.save(aSession());
    expect((await readdir(directory)).toSorted()).toEqual([
      'notes.tmp',
      'shard-0.json',
      'shard-0.json.perhaps-in-use.tmp',
    ]);
  });

  test('deletes at once the temporary file of a process that was killed while it wrote', async () => {
    const script = `
      const { replaceFile } = await import(${JSON.stringify(import.meta.resolve('../../src/session/small-file.ts'))});
      await replaceFile(process.argv[1], 'half', () => new Promise(() => { setInterval(() => {}, 1000); console.log('writing'); }));`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, file]);
    await once(child.stdout, 'data');
    await new FileSessionStore(directory).save(aSession({ shardId: 1 }));
    const whileItRuns = await readdir(directory);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await store.save(aSession({ shardId: 1 }));
    expect(whileItRuns).toHaveLength(2);
    expect(await readdir(directory)).toEqual(['shard-1.json']);
  });

  test.skipIf(isWindows)('survives a disk that is full, and leaves no file', async () => {
    const script = `
      const { FileSessionStore } = await import(${JSON.stringify(import.meta.resolve('../../src/session/file-session-store.ts'))});
      const store = new FileSessionStore(process.argv[1]);
      const codeOf = (promise) => promise.then(() => 'done', ({ code, cause }) => code + ' ' + cause.code);
      console.log(await codeOf(store.save(${JSON.stringify(aSession())})));
      console.log(await codeOf(store.claim(0)));`;
    // No file may grow, as on a full disk.
    const command = 'ulimit -f 0; exec "$0" --input-type=module -e "$1" "$2"';
    const output = execFileSync('bash', ['-c', command, process.execPath, script, directory], { encoding: 'utf8' });
    expect(output.trim().split('\n')).toEqual(['SESSION_STORE_FAILED EFBIG', 'SESSION_STORE_FAILED EFBIG']);
    expect(await readdir(directory)).toEqual([]);
  });

  test('saves thousands of shards at once', async () => {
    const shards = Array.from({ length: 3_000 }, (_, shardId) => shardId);
    const saved = shards.map((shardId) => store.save(aSession({ shardId, shardCount: shards.length })));
    await Promise.all(saved);
    expect(await readdir(directory)).toHaveLength(shards.length);
  });

  test('rejects with SESSION_STORE_FAILED if a directory is in the place of a lock', async () => {
    await mkdir(join(directory, 'shard-0.1.lock'));
    await expect(store.claim(0)).rejects.toEqual(FAILED);
  });

  test.skipIf(isWindows)('does not wait for a FIFO in the place of a lock', async () => {
    execFileSync('mkfifo', [join(directory, 'shard-0.1.lock')]);
    await expect(store.claim(0)).rejects.toEqual(FAILED);
  });
});
