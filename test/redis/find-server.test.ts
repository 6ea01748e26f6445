import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { findRedisServer } from '../../src/cli/demo/cluster/find-redis-server.ts';

async function program(name: string): Promise<{ readonly directory: string; readonly path: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'shardwright-path-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const path = join(directory, name);
  await writeFile(path, '#!/bin/sh\n');
  await chmod(path, 0o755);
  return { directory, path };
}

describe('findRedisServer()', () => {
  test('takes the program that REDIS_SERVER names', async () => {
    const { path } = await program('my-redis');
    expect(findRedisServer({ REDIS_SERVER: path, PATH: '' })).toBe(path);
  });

  test('finds nothing else if REDIS_SERVER names no file', async () => {
    const { directory } = await program('redis-server');
    expect(findRedisServer({ REDIS_SERVER: '/there/is/nothing', PATH: directory })).toBeNull();
  });

  test.each(['redis-server', 'valkey-server'])('finds %s on the PATH', async (name) => {
    const { directory, path } = await program(name);
    expect(findRedisServer({ PATH: directory })).toBe(path);
  });
});
