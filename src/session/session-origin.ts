/**
 * What a session belongs to: the bot, and the settings it was started with. Discord keeps the intents of a session, and
 * wants the same query for all its connections. A session of another origin is not resumed.
 */
import { createHmac } from 'node:crypto';
import { GatewayError } from '../protocol/errors.ts';
import type { Compression } from '../protocol/gateway-url.ts';
import type { Token } from '../protocol/token.ts';
import type { Session } from './session.ts';

/** The fields of a {@link Session} that name its origin. */
export type OriginField = 'bot' | 'intents' | 'version' | 'compression' | 'encoding';
type OriginFields = Pick<Session, OriginField>;

interface OriginSettings {
  readonly token: Token;
  readonly intents: number;
  readonly version: number;
  readonly compression: Compression;
}

/** The session id is the salt, so two files do not show that they belong to one bot. */
const botDigest = (applicationId: string, sessionId: string): string =>
  createHmac('sha256', sessionId).update(applicationId).digest('base64url');

const ORIGIN_NAMES: Readonly<Record<OriginField, string>> = {
  bot: 'by another bot',
  intents: 'with other intents',
  version: 'with another API version',
  compression: 'with another compression',
  encoding: 'with another encoding',
};

const OTHER_BOT_HINT = 'Give each bot a session store of its own, for example another directory.';

/** Says why a session is not resumed. */
export const mismatchError = (field: OriginField): GatewayError =>
  new GatewayError(
    'INVALID_SESSION',
    `the session is not resumed, because it was started ${ORIGIN_NAMES[field]}`,
    field === 'bot' ? { hint: OTHER_BOT_HINT } : {},
  );

const SETTINGS = ['intents', 'version', 'compression', 'encoding'] as const;

export class SessionOrigin {
  readonly #applicationId: string | null;
  readonly #settings: OriginFields;
  /** The last digest, because the session is asked for more often than it changes. */
  #digest: { readonly sessionId: string; readonly bot: string } | null = null;

  constructor({ token, intents, version, compression }: OriginSettings) {
    this.#applicationId = token.applicationId();
    this.#settings = { intents, version, compression, encoding: 'json' };
  }

  /** Returns the fields to store with a session. */
  fieldsFor(sessionId: string): OriginFields {
    const bot = this.#botOf(sessionId);
    return bot === null ? this.#settings : { bot, ...this.#settings };
  }

  /**
   * Returns the field in which a session differs, else `null`. A field that the session does not have is not compared:
   * earlier versions did not store it.
   */
  mismatchOf(session: Session): OriginField | null {
    const { bot, sessionId } = session;
    if (typeof bot === 'string' && typeof sessionId === 'string' && (this.#botOf(sessionId) ?? bot) !== bot)
      return 'bot';
    return SETTINGS.find((field) => (session[field] ?? this.#settings[field]) !== this.#settings[field]) ?? null;
  }

  /** Whether the shard with this id can resume a session. */
  accepts(session: Session, shardId: number, shardCount: number): boolean {
    return session.shardId === shardId && session.shardCount === shardCount && this.mismatchOf(session) === null;
  }

  /** Returns `null` if the token does not name its application. */
  #botOf(sessionId: string): string | null {
    if (this.#applicationId === null) return null;
    if (this.#digest?.sessionId !== sessionId)
      this.#digest = { sessionId, bot: botDigest(this.#applicationId, sessionId) };
    return this.#digest.bot;
  }
}
