/** The options of a fake gateway, with their defaults. */
import type { Clock } from '../../clock.ts';
import { assertOption, isCount } from '../../protocol/validation.ts';
import { systemClock } from '../../clock.ts';
import type { FakeGuild, FakeMember, FakeRest } from './fake-types.ts';

/**
 * How many sessions the bot may start, as `GET /gateway/bot` reports it.
 * @see https://discord.com/developers/docs/events/gateway#session-start-limit-object
 */
export interface FakeSessionStartLimit {
  /**
   * Session starts in 24 h.
   * @defaultValue 1000
   */
  total?: number;
  /**
   * Session starts left when the gateway begins to listen.
   * @defaultValue `total`
   */
  remaining?: number;
  /**
   * Milliseconds until the budget is full again.
   * @defaultValue 86_400_000 (24 h)
   */
  resetAfterMs?: number;
  /**
   * How many shards may IDENTIFY per interval: one for each key `shard_id % maxConcurrency`.
   * @defaultValue 1
   */
  maxConcurrency?: number;
}

/** Options of {@link FakeGateway.listen}. All times are milliseconds of `clock`. */
export interface FakeGatewayOptions {
  /**
   * The only token that the gateway accepts. Give it without the prefix `Bot `; clients may send it with the prefix.
   * @defaultValue any token is accepted
   */
  token?: string;
  /**
   * The port of the main URL on 127.0.0.1, from 0 to 65535; 0 chooses a free one. The resume URL always gets a free
   * port. Another value is `INVALID_OPTIONS`.
   * @defaultValue 0
   */
  port?: number;
  /**
   * The heartbeat interval in HELLO, in milliseconds.
   * @defaultValue 41_250
   * @see https://discord.com/developers/docs/events/gateway#hello-event
   */
  heartbeatIntervalMs?: number;
  /**
   * The budget of session starts.
   * @defaultValue 1000 starts in 24 h, one key
   */
  sessionStartLimit?: FakeSessionStartLimit;
  /**
   * The shard count that `GET /gateway/bot` recommends. Above 1 the gateway requires sharding: it closes an IDENTIFY
   * without `shard` with 4011, and one whose count is not a multiple of this with 4010.
   * @defaultValue 1
   * @see https://discord.com/developers/docs/events/gateway#sharding
   */
  shards?: number;
  /**
   * The guilds of the bot, or how many to make up. READY lists those of the shard as unavailable. A GUILD_CREATE for
   * each follows if the session has the intent `Guilds`, with every documented field, the role `@everyone`, a text and a
   * voice channel, and the bot as a member. Fields that you give take their place.
   * @defaultValue 0
   * @see https://discord.com/developers/docs/events/gateway-events#ready
   */
  readyGuilds?: number | readonly FakeGuild[];
  /**
   * The members that Request Guild Members finds: by guild id, or how many to make up for every guild, the bot
   * included.
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
   * Min time between two requests for all members of a guild, in milliseconds. An earlier one gets RATE_LIMITED.
   * @defaultValue 30_000
   * @see https://discord.com/developers/docs/events/gateway-events#request-guild-members
   */
  membersIntervalMs?: number;
  /**
   * Min time between two IDENTIFYs of one `max_concurrency` key, in milliseconds.
   * @defaultValue 5000
   * @see https://discord.com/developers/docs/events/gateway#rate-limiting
   */
  identifyIntervalMs?: number;
  /**
   * How many milliseconds earlier an IDENTIFY may arrive, because the network delays one frame more than the next.
   * @defaultValue half of `identifyIntervalMs`, max 250
   */
  identifyToleranceMs?: number;
  /**
   * Bits of privileged intents that the bot lacks. The gateway closes an IDENTIFY that asks for one with 4014.
   * @defaultValue 0
   * @see https://discord.com/developers/docs/events/gateway#privileged-intents
   */
  disallowedIntents?: number;
  /**
   * How many dispatches a session keeps for a replay. A RESUME that needs older ones gets op 9 `false`.
   * @defaultValue 10_000
   */
  replayLimit?: number;
  /**
   * How long a session lives without a connection, in milliseconds.
   * @defaultValue 180_000
   */
  sessionTtlMs?: number;
  /**
   * With payload compression, the gateway compresses messages of at least this many bytes.
   * @defaultValue 512
   * @see https://discord.com/developers/docs/events/gateway#payload-compression
   */
  payloadCompressionBytes?: number;
  /**
   * Rejects upgrade requests without a `User-Agent` with HTTP 400.
   * @defaultValue false
   */
  requireUserAgent?: boolean;
  /**
   * Lets an {@link Oracle} judge every connection by the whole protocol, beyond what earns a close code. You find its
   * complaints in {@link FakeGateway.complaints}; nothing changes for the client.
   * @defaultValue false
   */
  strict?: boolean;
  /**
   * Answers REST requests other than `/gateway` and `/gateway/bot`, so that a test sees what the bot does there. It is
   * called only for requests with the bot's token, and for paths that carry a token of their own.
   * @defaultValue `/users/@me` and `/oauth2/applications/@me` describe the bot, every other path answers 404
   */
  rest?: FakeRest;
  /**
   * Decides the ids that the gateway makes up. The same seed gives the same ids.
   * @defaultValue 1
   */
  seed?: number | string;
  /**
   * The clock of the gateway's limits, budgets and timers.
   * @defaultValue the system clock
   */
  clock?: Clock;
}

/** The options with every default filled in. */
export type Settings = Required<Omit<FakeGatewayOptions, 'sessionStartLimit' | 'token' | 'rest'>> & {
  readonly token: string | null;
  readonly rest: FakeRest | null;
  readonly sessionStartLimit: Required<FakeSessionStartLimit>;
};

const DAY_MS = 86_400_000;
const MAX_PORT = 65_535;

export function resolveSettings(options: FakeGatewayOptions): Settings {
  const { sessionStartLimit = {}, ...others } = options;
  const { port = 0 } = options;
  assertOption(isCount(port) && port <= MAX_PORT, `port must be an integer from 0 to ${MAX_PORT}`);
  const total = sessionStartLimit.total ?? 1000;
  const identifyIntervalMs = others.identifyIntervalMs ?? 5000;
  return {
    token: others.token ?? null,
    rest: others.rest ?? null,
    port,
    heartbeatIntervalMs: others.heartbeatIntervalMs ?? 41_250,
    shards: others.shards ?? 1,
    readyGuilds: others.readyGuilds ?? 0,
    guildMembers: others.guildMembers ?? 5,
    membersChunkSize: Math.max(1, others.membersChunkSize ?? 1000),
    membersIntervalMs: others.membersIntervalMs ?? 30_000,
    identifyIntervalMs,
    identifyToleranceMs: others.identifyToleranceMs ?? Math.min(250, identifyIntervalMs / 2),
    disallowedIntents: others.disallowedIntents ?? 0,
    replayLimit: others.replayLimit ?? 10_000,
    sessionTtlMs: others.sessionTtlMs ?? 180_000,
    payloadCompressionBytes: others.payloadCompressionBytes ?? 512,
    requireUserAgent: others.requireUserAgent ?? false,
    strict: others.strict ?? false,
    seed: others.seed ?? 1,
    clock: others.clock ?? systemClock,
    sessionStartLimit: {
      total,
      remaining: sessionStartLimit.remaining ?? total,
      resetAfterMs: sessionStartLimit.resetAfterMs ?? DAY_MS,
      maxConcurrency: Math.max(1, sessionStartLimit.maxConcurrency ?? 1),
    },
  };
}

/** Whether the gateway accepts this token. Discord takes it with or without the prefix that REST requires. */
export function acceptsToken(settings: Settings, token: unknown): boolean {
  if (typeof token !== 'string' || token === '') return false;
  return settings.token === null || token === settings.token || token === `Bot ${settings.token}`;
}
