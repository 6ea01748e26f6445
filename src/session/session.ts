/**
 * A gateway session: everything that RESUME needs, as plain data. It can be stored and passed to another process.
 * @see https://discord.com/developers/docs/events/gateway#resuming
 */
import { GatewayError } from '../protocol/errors.ts';
import { isWebSocketUrl } from '../protocol/gateway-url.ts';
import { isCount, isObject } from '../protocol/validation.ts';

/** A gateway session. `shard.session` returns it; the option `session` and `resume()` accept it. */
export interface Session {
  readonly sessionId: string;
  /** The URL for RESUME, as READY sent it: without the query of the connection. */
  readonly resumeUrl: string;
  /** The sequence of the last dispatch that was delivered. Discord replays the dispatches after it. */
  readonly sequence: number;
  readonly shardId: number;
  /** The shard count it was started with. Discord resumes it with this count only. */
  readonly shardCount: number;
  /** A digest of the id of the bot's application. A shard with the token of another bot does not resume the session. */
  readonly bot?: string;
  /** The intents it was started with. Discord keeps them for the session, so a shard with others starts a new one. */
  readonly intents?: number;
  /** The API version of its connections. Discord wants the same for every connection of a session. */
  readonly version?: number;
  /** The compression of its connections, as in the options. */
  readonly compression?: string;
  /** The encoding of its connections: `'json'`. */
  readonly encoding?: string;
  /** A digest of the presence that was sent last. A shard that has another presence sends it after RESUMED. */
  readonly presence?: string;
  /** The bot's user, as Discord sent it last. */
  readonly user?: BotUser;
  /** The bot's application, as READY sent it. */
  readonly application?: BotApplication;
  /** With `warmStart`: the sequence of the last dispatch that changed the guilds. The snapshot beside it has it. */
  readonly snapshotSequence?: number;
}

/** Who the bot is. */
export type BotIdentity = Pick<Session, 'user' | 'application'>;

/**
 * The bot's own user.
 * @see https://discord.com/developers/docs/resources/user#user-object
 */
export interface BotUser {
  readonly id: string;
  readonly [field: string]: unknown;
}

/**
 * The bot's application, as READY names it.
 * @see https://discord.com/developers/docs/events/gateway-events#ready
 */
export interface BotApplication {
  readonly id: string;
  readonly [field: string]: unknown;
}

type OptionalField =
  | 'bot'
  | 'intents'
  | 'version'
  | 'compression'
  | 'encoding'
  | 'presence'
  | 'user'
  | 'application'
  | 'snapshotSequence';

interface FieldRule {
  readonly isValid: (value: unknown) => boolean;
  /** Completes the sentence "FIELD must be …". */
  readonly rule: string;
}

const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';

const TEXT: FieldRule = { isValid: isText, rule: 'a non-empty string' };
const COUNT: FieldRule = { isValid: isCount, rule: 'a non-negative integer' };
const WITH_ID: FieldRule = {
  isValid: (value) => isObject(value) && isText(value['id']),
  rule: 'an object with an id',
};

/** The fields that earlier versions did not store. A database may hold `null` for them. */
const OPTIONAL_FIELDS: Readonly<Record<OptionalField, FieldRule>> = {
  bot: TEXT,
  intents: COUNT,
  version: COUNT,
  compression: TEXT,
  encoding: TEXT,
  presence: TEXT,
  user: WITH_ID,
  application: WITH_ID,
  snapshotSequence: COUNT,
};

const invalidSession = (reason: string): GatewayError =>
  new GatewayError('INVALID_SESSION', `not a session: ${reason}`);

/**
 * Returns a copy of a session that has the fields of {@link Session} and no others.
 * @throws {@link GatewayError} `INVALID_SESSION`, naming the field, if the value is not a session.
 */
export function parseSession(value: unknown): Session {
  if (!isObject(value)) throw invalidSession('expected an object');
  const { sessionId, resumeUrl, sequence, shardId, shardCount } = value;
  if (typeof sessionId !== 'string' || sessionId === '') throw invalidSession('sessionId must be a non-empty string');
  if (!isWebSocketUrl(resumeUrl)) throw invalidSession('resumeUrl must be a ws:// or wss:// URL');
  if (!isCount(sequence)) throw invalidSession('sequence must be a non-negative integer');
  if (!isCount(shardId)) throw invalidSession('shardId must be a non-negative integer');
  if (!isCount(shardCount) || shardCount <= shardId)
    throw invalidSession('shardCount must be an integer above shardId');
  return { sessionId, resumeUrl, sequence, shardId, shardCount, ...optionalFieldsOf(value) };
}

const OPTIONAL_FIELD_NAMES = Object.keys(OPTIONAL_FIELDS) as readonly OptionalField[];

function optionalFieldsOf(value: Readonly<Record<string, unknown>>): Pick<Session, OptionalField> {
  const fields: Partial<Record<OptionalField, unknown>> = {};
  for (const field of OPTIONAL_FIELD_NAMES) {
    const given = value[field] ?? null;
    if (given === null) continue;
    const { isValid, rule } = OPTIONAL_FIELDS[field];
    if (!isValid(given)) throw invalidSession(`${field} must be ${rule}`);
    fields[field] = given;
  }
  return fields as Pick<Session, OptionalField>;
}

export const botIn = ({ user, application }: Session): BotIdentity => ({
  ...(user === undefined ? {} : { user }),
  ...(application === undefined ? {} : { application }),
});

/** Returns the sequence up to which all dispatches were delivered, when a stream still holds one. */
export const deliveredBefore = (sequence: number, lowestPending: number | null): number =>
  lowestPending === null ? sequence : Math.min(sequence, Math.max(0, lowestPending - 1));
