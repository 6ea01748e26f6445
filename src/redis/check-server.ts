/** Checks whether a server can be the engine: its version, and that it drops no keys when its memory is full. */
import { invalidError } from './redis-failure.ts';
import type { RedisKeys } from './redis-keys.ts';
import type { RedisLink } from './redis-link.ts';
import { SERVER } from './scripts/server.lua.ts';

/** The first version with sharded Pub/Sub. */
export const MIN_MAJOR = 7;

/** @throws {@link GatewayError} `ENGINE_INVALID`, saying what is wrong. */
export async function checkServer(link: RedisLink, keys: RedisKeys): Promise<void> {
  const info = await readServer(link, keys.birth);
  const version = info.get('redis_version') ?? 'unknown';
  if (!(Number.parseInt(version, 10) >= MIN_MAJOR))
    throw invalidError(`the engine needs Redis ${MIN_MAJOR}.0 or later; this is ${version}`);
  if (info.get('role') === 'slave')
    throw invalidError('this Redis is a replica: give the engine the URL of its master');
  const policy = info.get('maxmemory_policy') ?? 'noeviction';
  if (policy !== 'noeviction')
    throw invalidError(
      `Redis has maxmemory-policy ${policy}: it would drop sessions and leases when its memory is full`,
    );
}

/** Reads the INFO of the server that has this key. */
export async function readServer(link: RedisLink, key: string): Promise<ReadonlyMap<string, string>> {
  const reply = await link.run(SERVER, [key], []);
  return serverInfo(reply.text(1));
}

const serverInfo = (text: string): ReadonlyMap<string, string> =>
  new Map(
    text.split(/\r?\n/).flatMap((line) => {
      const colon = line.indexOf(':');
      return colon > 0 ? [[line.slice(0, colon), line.slice(colon + 1)] as const] : [];
    }),
  );
