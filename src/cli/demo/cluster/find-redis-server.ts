/** Finds a Redis server on this machine. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const NAMES = ['redis-server', 'valkey-server'] as const;

/** Returns the path of redis-server: `REDIS_SERVER` if it is set, otherwise the first one on the PATH. */
export function findRedisServer(environment: NodeJS.ProcessEnv = process.env): string | null {
  const chosen = environment['REDIS_SERVER'];
  if (chosen !== undefined && chosen !== '') return existsSync(chosen) ? chosen : null;
  const directories = [...(environment['PATH'] ?? '').split(delimiter), '/usr/bin', '/usr/local/bin'];
  return (
    directories.flatMap((directory) => NAMES.map((name) => join(directory, name))).find((path) => existsSync(path)) ??
    null
  );
}
