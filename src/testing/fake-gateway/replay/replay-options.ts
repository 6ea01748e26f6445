/** The options of a replay. */
import { assertOption } from '../../../protocol/validation.ts';
import type { FakeGatewayOptions } from '../options.ts';
import type { ReplayScript } from './replay-script.ts';

/** Options of {@link FakeGateway.replay}. */
export interface ReplayOptions extends Pick<
  FakeGatewayOptions,
  'token' | 'port' | 'strict' | 'rest' | 'seed' | 'clock' | 'requireUserAgent'
> {
  /**
   * Divides all times of the recording, from above 0 to 10,000: with 10 an hour takes 6 minutes, and HELLO has a tenth
   * of the interval, at least 50 ms. The times of the client stay as they are, such as its backoff. Raise it for long
   * recordings.
   * @defaultValue 1
   */
  speed?: number;
  /**
   * Replays only this shard. At the main URL it shows only in IDENTIFY which shard connects, so with several shards an
   * outage of that URL that hits some of them is exact only if each has a gateway of its own. Resume URLs differ.
   * @defaultValue all shards of the recording
   */
  shardId?: number;
}

const MAX_SPEED = 10_000;
const MAX_GUILDS = 10_000;

/** Returns the speed. @throws {@link GatewayError} `INVALID_OPTIONS` */
export function speedOf({ speed = 1 }: ReplayOptions): number {
  assertOption(
    typeof speed === 'number' && speed > 0 && speed <= MAX_SPEED,
    `speed must be a number above 0, at most ${MAX_SPEED}`,
  );
  return speed;
}

/** Returns the part of the script that is replayed. @throws {@link GatewayError} `INVALID_OPTIONS` for an unknown shard */
export function selectedFrom(script: ReplayScript, { shardId }: ReplayOptions): ReplayScript {
  if (shardId === undefined) return script;
  const shards = script.shards.filter((shard) => shard.shardId === shardId);
  assertOption(shards.length > 0, 'shardId must be the id of a shard in the recording');
  return { ...script, shards };
}

/** Returns the options of the gateway: the recording decides what is refused, so the gateway itself has no limits. */
export const gatewayOptionsOf = (
  { speed: _speed, shardId: _shardId, ...options }: ReplayOptions,
  { shards }: ReplayScript,
): FakeGatewayOptions => ({
  ...options,
  shards: 1,
  readyGuilds: Math.min(
    shards.reduce((total, { guilds }) => total + guilds, 0),
    MAX_GUILDS,
  ),
  identifyIntervalMs: 0,
  sessionTtlMs: Infinity,
  sessionStartLimit: { total: 1_000_000, maxConcurrency: 16 },
});
