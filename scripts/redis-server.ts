/**
 * Finds redis-server for the tests of the engine on Redis. Without it, root on Debian installs it with apt. On any other
 * machine those tests are skipped, with a notice.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, writeFile, rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { findRedisServer } from '../src/cli/demo/cluster/find-redis-server.ts';
import { run } from './run.ts';

/** Debian asks this program whether a package may start its service. */
const POLICY = '/usr/sbin/policy-rc.d';

/** Returns whether a check must fail without Redis. There is no Redis for Windows. */
export const needsRedisServer = (): boolean => process.env['CI'] === 'true' && process.platform !== 'win32';

const mayInstall = (): boolean => process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');

/** The package would start a server on port 6379, which the tests do not use, and which other programs may find. */
async function install(): Promise<void> {
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const hasPolicy = existsSync(POLICY);
  if (!hasPolicy) {
    await writeFile(POLICY, '#!/bin/sh\nexit 101\n');
    await chmod(POLICY, 0o755);
  }
  try {
    await promisify(execFile)('apt-get', ['update'], { env: environment });
    await run('apt-get', ['install', '-y', '--no-install-recommends', 'redis-server'], { capture: true });
  } finally {
    if (!hasPolicy) await rm(POLICY, { force: true });
  }
}

/** Finds or installs redis-server, and logs the result. @throws when `CI` is `true` and there is none, but on Windows */
export async function ensureRedisServer(): Promise<void> {
  let path = findRedisServer();
  if (path === null && mayInstall()) {
    console.log('there is no redis-server; installing it with apt-get');
    await install();
    path = findRedisServer();
  }
  if (path !== null) console.log(`Redis: ${path}`);
  else if (needsRedisServer())
    throw new Error('the tests of the engine need Redis: install redis-server, or set REDIS_SERVER to its path');
  else
    console.log(
      'NOTICE: without redis-server, the tests of the engine on Redis are skipped. Install it, or set REDIS_SERVER to its path.',
    );
}
