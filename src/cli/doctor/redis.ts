/** Checks whether a Redis server can keep what the nodes of a bot share. It writes nothing there. */
import { systemClock } from '../../clock.ts';
import { GatewayError } from '../../protocol/errors.ts';
import { formatDuration, formatNumber } from '../../inspect/page/model/format.ts';
import { MIN_MAJOR, readServer } from '../../redis/check-server.ts';
import { RedisLink } from '../../redis/redis-link.ts';
import { ownSource } from '../../redis/redis-source.ts';
import { CLOCK } from '../../redis/scripts/server.lua.ts';
import type { Check } from './check.ts';
import { failed, ok, skipped, warning } from './check.ts';
import type { Skew } from './discord.ts';

const TIMEOUT_MS = 5_000;
/** Any key: on one server it decides nothing. */
const KEY = '{shardwright-doctor}';
const ROUNDS = 10;
/** A hand-over takes some round trips, and has to end within a second. */
const SLOW_MS = 50;
/** Leases count on the clock of Redis, so this only matters to those who compare logs. */
const TOLERATED_SKEW_MS = 2_000;
/** Of `maxmemory`. */
const SCARCE_FRACTION = 0.8;

const NAMES = ['Redis', 'Redis memory', 'Redis files', 'Redis latency', 'Redis clock'] as const;

type ServerInfo = ReadonlyMap<string, string>;

/** Resolves with the checks; `null` if the text is no URL of Redis. */
export async function redisChecks(url: string): Promise<Check[] | null> {
  const source = ownSource(url, TIMEOUT_MS);
  if (source === null) return null;
  const link = new RedisLink({ source, clock: systemClock, timeoutMs: TIMEOUT_MS, report: () => undefined });
  try {
    await link.connect();
    const info = await readServer(link, KEY);
    const version = versionCheck(info, source.name);
    return [version, memoryCheck(info), filesCheck(info), ...(await timeChecks(link))];
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    const { message, hint, code } = error;
    const advice = code === 'ENGINE_UNAVAILABLE' ? 'Check the URL, the network, and whether the server runs.' : hint;
    return [
      failed('Redis', message, advice, { code }),
      ...NAMES.slice(1).map((name) => skipped(name, 'needs an answer from Redis')),
    ];
  } finally {
    link.close();
  }
}

export function versionCheck(info: ServerInfo, host: string): Check {
  const version = info.get('redis_version') ?? 'unknown';
  const valkey = info.get('valkey_version');
  const found = valkey === undefined ? version : `Valkey ${valkey}, which is like Redis ${version}`;
  const figures = { version, role: info.get('role') ?? 'unknown' };
  if (!(Number.parseInt(version, 10) >= MIN_MAJOR))
    return failed('Redis', `${found} at ${host}`, `Install Redis ${MIN_MAJOR}.0 or later, or Valkey.`, figures);
  if (info.get('role') === 'slave')
    return failed('Redis', `${found} at ${host}, a replica`, 'Use the URL of its master.', figures);
  return ok('Redis', `${found} at ${host}`, figures);
}

export function memoryCheck(info: ServerInfo): Check {
  const policy = info.get('maxmemory_policy') ?? 'unknown';
  const [used, max] = [Number(info.get('used_memory') ?? 0), Number(info.get('maxmemory') ?? 0)];
  const figures = { policy, used, max };
  const size = max === 0 ? `${megabytes(used)} used, no limit` : `${megabytes(used)} of ${megabytes(max)} used`;
  const found = `${policy}, ${size}`;
  if (policy !== 'noeviction')
    return failed(
      'Redis memory',
      found,
      'Set maxmemory-policy to noeviction: otherwise Redis drops sessions and leases when its memory is full.',
      figures,
    );
  if (max > 0 && used > max * SCARCE_FRACTION)
    return warning('Redis memory', found, 'Raise maxmemory, or lower maxLength of the option publish.', figures);
  return ok('Redis memory', found, figures);
}

const megabytes = (bytes: number): string => `${formatNumber(bytes / 1024 ** 2)} MiB`;

export function filesCheck(info: ServerInfo): Check {
  const hasAof = info.get('aof_enabled') === '1';
  const figures = { hasAof };
  const broken = ['rdb_last_bgsave_status', 'aof_last_write_status'].filter(
    (name) => (info.get(name) ?? 'ok') !== 'ok',
  );
  if (broken.length > 0)
    return failed(
      'Redis files',
      `${broken.join(', ')} is not ok`,
      'Look at the log of Redis, and at its disk.',
      figures,
    );
  if (hasAof) return ok('Redis files', 'written with appendonly', figures);
  return warning(
    'Redis files',
    'not written with appendonly',
    'Set appendonly to yes if dispatches that wait in streams must outlive a restart of Redis. Nodes write leases and sessions again.',
    figures,
  );
}

async function timeChecks(link: RedisLink): Promise<Check[]> {
  const rounds: (Skew & { readonly latencyMs: number })[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const sentAt = systemClock.now();
    const reply = await link.run(CLOCK, [KEY], []);
    const latencyMs = systemClock.now() - sentAt;
    rounds.push({ latencyMs, uncertaintyMs: latencyMs / 2, skewMs: sentAt + latencyMs / 2 - reply.number(1) });
  }
  const byLatency = rounds.toSorted((a, b) => a.latencyMs - b.latencyMs);
  const [fastest] = byLatency;
  const median = byLatency[Math.floor(ROUNDS / 2)];
  if (fastest === undefined || median === undefined) return [];
  return [latencyCheck(median.latencyMs), redisClockCheck(fastest)];
}

export function latencyCheck(latencyMs: number): Check {
  const figures = { latencyMs };
  const found = `${latencyMs < 10 ? latencyMs.toFixed(1) : Math.round(latencyMs)} ms`;
  return latencyMs <= SLOW_MS
    ? ok('Redis latency', found, figures)
    : warning('Redis latency', found, 'Run the nodes near Redis: a hand-over takes several round trips.', figures);
}

export function redisClockCheck({ skewMs, uncertaintyMs }: Skew): Check {
  const off = Math.abs(skewMs);
  const figures = { skewMs: Math.round(skewMs) };
  if (off <= TOLERATED_SKEW_MS + uncertaintyMs) return ok('Redis clock', 'in sync', figures);
  return warning(
    'Redis clock',
    `this machine is ${formatDuration(off)} ${skewMs > 0 ? 'ahead' : 'behind'}`,
    'Synchronise both clocks with NTP. Leases count on the clock of Redis, but times in logs differ.',
    figures,
  );
}
