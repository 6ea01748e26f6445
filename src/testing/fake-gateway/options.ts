/** What a fake gateway can be told, and what it assumes otherwise. */
import type { Clock } from '../../clock.ts';
import { systemClock } from '../../clock.ts';
import type { FakeGuild } from './fake-guild.ts';
import type { FakeMember } from './fake-member.ts';
import type { FakeRest } from './fake-rest.ts';

/**
 * The budget of session starts.
 * @see https://discord.com/developers/docs/events/gateway#session-start-limit-object
 */
export interface FakeSessionStartLimit {
  /**
   * Session starts in 24 h.
   * @defaultValue 1000
   */
  total?: number;
  /**
   * Starts left when the gateway begins to listen.
   * @defaultValue the total
   */
  remaining?: number;
  /**
   * Milliseconds until the budget is full again.
   * @defaultValue 86_400_000
   */
  resetAfterMs?: number;
  /**
   * How many shards may identify per interval: one per key `shard_id % maxConcurrency`.
   * @defaultValue 1
   */
  maxConcurrency?: number;
}

/** Options of {@link FakeGateway.listen}; times are milliseconds of the injected clock. */
export interface FakeGatewayOptions {
  /**
   * The only token that is accepted, with or without the prefix `Bot `; give it without.
   * @defaultValue any token is accepted
   */
  token?: string;
  /**
   * The port of the main URL on 127.0.0.1; 0 takes a free one. The resume URL always gets a free port.
   * @defaultValue 0
   */
  port?: number;
  /**
   * The interval HELLO announces.
   * @defaultValue 41_250
   * @see https://discord.com/developers/docs/events/gateway#hello-event
   */
  heartbeatIntervalMs?: number;
  /** The budget of session starts. */
  sessionStartLimit?: FakeSessionStartLimit;
  /**
   * The shard count `GET /gateway/bot` recommends. Above 1 it makes sharding compulsory: an IDENTIFY without
   * `shard` is closed with 4011, one whose count is not a multiple of this with 4010.
   * @defaultValue 1
   * @see https://discord.com/developers/docs/events/gateway#sharding
   */
  shards?: number;
  /**
   * The guilds of the bot, or how many to make up. READY lists those of the shard as unavailable; a GUILD_CREATE
   * for each follows if the session has the intent `Guilds`.
   * @defaultValue 0
   * @see https://discord.com/developers/docs/events/gateway-events#ready
   */
  readyGuilds?: number | readonly FakeGuild[];
  /**
   * The members Request Guild Members finds: by guild id, or how many to make up for any guild.
   * @defaultValue 5
   */
  guildMembers?: number | Readonly<Record<string, readonly FakeMember[]>>;
  /**
   * Members in one GUILD_MEMBERS_CHUNK.
   * @defaultValue 1000
   * @see https://discord.com/developers/docs/events/gateway-events#guild-members-chunk
   */
  membersChunkSize?: number;
  /**
   * How often all members of a guild may be requested.
   * @defaultValue 30_000
   * @see https://discord.com/developers/docs/events/gateway-events#request-guild-members
   */
  membersIntervalMs?: number;
  /**
   * How often one rate-limit key may identify.
   * @defaultValue 5000
   * @see https://discord.com/developers/docs/events/gateway#rate-limiting
   */
  identifyIntervalMs?: number;
  /**
   * How much earlier an IDENTIFY may arrive, for what the way here adds to one and not to the next.
   * @defaultValue half the interval, at most 250
   */
  identifyToleranceMs?: number;
  /**
   * Bits of privileged intents the bot does not have; asking for one is closed with 4014.
   * @defaultValue 0
   * @see https://discord.com/developers/docs/events/gateway#privileged-intents
   */
  disallowedIntents?: number;
  /**
   * How many dispatches a session keeps for replay; a RESUME that needs older ones is refused with op 9.
   * @defaultValue 10_000
   */
  replayLimit?: number;
  /**
   * How long a session lives without a connection.
   * @defaultValue 180_000
   */
  sessionTtlMs?: number;
  /**
   * With payload compression, messages of at least this many bytes are compressed.
   * @defaultValue 512
   * @see https://discord.com/developers/docs/events/gateway#payload-compression
   */
  payloadCompressionBytes?: number;
  /**
   * Refuse upgrade requests without a `User-Agent` with HTTP 400.
   * @defaultValue false
   */
  requireUserAgent?: boolean;
  /**
   * Let an oracle judge every connection by the whole protocol, beyond what earns a close code; what it finds is in
   * {@link FakeGateway.complaints}. Nothing changes for the client.
   * @defaultValue false
   */
  strict?: boolean;
  /**
   * Answers the REST API beyond `/gateway` and `/gateway/bot`, so that a test sees what the bot does there. Asked only
   * with the bot's token where Discord wants it.
   * @defaultValue all of it is 404
   */
  rest?: FakeRest;
  /**
   * Same seed, same ids.
   * @defaultValue 1
   */
  seed?: number | string;
  /** @defaultValue the system's clock */
  clock?: Clock;
}

/** The options with every default filled in. */
export type Settings = Required<Omit<FakeGatewayOptions, 'sessionStartLimit' | 'token' | 'rest'>> & {
  readonly token: string | null;
  readonly rest: FakeRest | null;
  readonly sessionStartLimit: Required<FakeSessionStartLimit>;
};

const DAY_MS = 86_400_000;

export function resolveSettings(options: FakeGatewayOptions): Settings {
  const { sessionStartLimit = {}, ...given } = options;
  const total = sessionStartLimit.total ?? 1000;
  const identifyIntervalMs = given.identifyIntervalMs ?? 5000;
  return {
    token: given.token ?? null,
    rest: given.rest ?? null,
    port: given.port ?? 0,
    heartbeatIntervalMs: given.heartbeatIntervalMs ?? 41_250,
    shards: given.shards ?? 1,
    readyGuilds: given.readyGuilds ?? 0,
    guildMembers: given.guildMembers ?? 5,
    membersChunkSize: Math.max(1, given.membersChunkSize ?? 1000),
    membersIntervalMs: given.membersIntervalMs ?? 30_000,
    identifyIntervalMs,
    identifyToleranceMs: given.identifyToleranceMs ?? Math.min(250, identifyIntervalMs / 2),
    disallowedIntents: given.disallowedIntents ?? 0,
    replayLimit: given.replayLimit ?? 10_000,
    sessionTtlMs: given.sessionTtlMs ?? 180_000,
    payloadCompressionBytes: given.payloadCompressionBytes ?? 512,
    requireUserAgent: given.requireUserAgent ?? false,
    strict: given.strict ?? false,
    seed: given.seed ?? 1,
    clock: given.clock ?? systemClock,
    sessionStartLimit: {
      total,
      remaining: sessionStartLimit.remaining ?? total,
      resetAfterMs: sessionStartLimit.resetAfterMs ?? DAY_MS,
      maxConcurrency: Math.max(1, sessionStartLimit.maxConcurrency ?? 1),
    },
  };
}

/** Whether this is a token that the gateway knows. Discord takes it with or without the prefix that REST wants. */
export function acceptsToken({ token }: Settings, given: unknown): boolean {
  if (typeof given !== 'string' || given === '') return false;
  return token === null || given === token || given === `Bot ${token}`;
}
